/**
 * bun prepare.ts OUT: writes every case's policy as text, compiles it, and lays the plans out for run.ts:
 * OUT/plans/<group>/<case>.plan, OUT/policies/<case>.yaml, OUT/manifest.json. Runs on the building host, where it is fast.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { Case } from "./case.ts";
import { CASES, groupsOf } from "./cases.ts";
import { policyText } from "./spec.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What became of a policy's text: a plan, or the compiler's words. */
export interface Compiled {
  readonly name: string;
  readonly plan?: string;
  readonly error?: string;
}

const root = resolve(import.meta.dir, "../../..");
const bun = `${root}/node_modules/.bin/bun`;

export function directoryOf(group: string): string {
  return group.replaceAll(/[^a-z0-9]+/g, "-");
}

/**
 * The one place that knows how policies become plans: `dir`/NAME.plan each. Many at once, since starting the compiler costs
 * more than a policy; when it refuses, halves are tried until it is known which ones it refuses.
 */
function compile(cases: readonly Case[], texts: string, dir: string): Compiled[] {
  const [first] = cases;
  if (first === undefined) return [];
  const text = `${texts}/${cases.length === 1 ? first.name : `${directoryOf(first.group)}-${first.name}-${cases.length}`}.yaml`;
  writeFileSync(text, cases.map((c) => policyText(c.name, c.spec)).join("---\n"));
  const done = spawnSync(bun, [`${root}/src/main.ts`, "policy", "convert", "--to", "plan", text, "--out", `${dir}/`], {
    encoding: "utf8",
  });
  if (cases.length > 1) rmSync(text);
  if (done.status === 0) return cases.map((c) => ({ name: c.name, plan: `${dir}/${c.name}.plan` }));
  if (cases.length === 1) return [{ name: first.name, error: `${done.stdout}${done.stderr}`.trim() }];
  const middle = cases.length >> 1;
  return [...compile(cases.slice(0, middle), texts, dir), ...compile(cases.slice(middle), texts, dir)];
}

if (import.meta.main) {
  const out = resolve(process.argv[2] ?? `${root}/native/.output/policy-cases`);
  const only = process.argv[3] ?? "";
  for (const dir of ["plans", "policies"]) rmSync(`${out}/${dir}`, { recursive: true, force: true });
  mkdirSync(`${out}/policies`, { recursive: true });
  const manifest: Compiled[] = [];
  for (const [group, cases] of groupsOf(CASES.filter((c) => c.name.includes(only) || c.group.includes(only)))) {
    const dir = `${out}/plans/${directoryOf(group)}`;
    mkdirSync(dir, { recursive: true });
    // For people: `policy check`, `policy explain`, or loading one alone.
    for (const c of cases) writeFileSync(`${out}/policies/${c.name}.yaml`, policyText(c.name, c.spec));
    // Those that must be refused are tried alone: each has an answer of its own.
    manifest.push(
      ...compile(
        cases.filter((c) => c.compile === undefined),
        `${out}/policies`,
        dir,
      ),
    );
    for (const c of cases) if (c.compile !== undefined) manifest.push(...compile([c], `${out}/policies`, dir));
  }
  writeFileSync(`${out}/manifest.json`, JSON.stringify(manifest, null, 1));
  const refused = manifest.filter((m) => m.error !== undefined);
  say(`${manifest.length - refused.length} plans, ${refused.length} policies refused`);
  for (const m of refused) say(`  ${m.name}: ${m.error?.split("\n").slice(0, 6).join(" / ")}`);
}
