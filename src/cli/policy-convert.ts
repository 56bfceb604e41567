import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plan } from "../core/policy/plan/plan.ts";
import { planJson } from "../core/policy/plan/plan-json.ts";
import { writePlan } from "../core/policy/plan/write.ts";
import { EXIT, listFlag, textFlag, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";
import { planFileName, readPlans } from "./policy-source.ts";
import { readVariables } from "./policy-variables.ts";

type Format = "json" | "plan";

function formatOf(call: Call): Format {
  const to = textFlag(call.flags, "to") ?? "json";
  if (to === "json" || to === "plan") return to;
  throw new UsageError(`--to cannot be '${to}'.`, "It is json or plan.");
}

function content(plan: Plan, to: Format): string | Uint8Array {
  return to === "plan" ? writePlan(plan) : `${JSON.stringify(planJson(plan), null, 2)}\n`;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

/** `telovix policy convert`. */
export async function run(call: Call): Promise<number> {
  const [file, ...rest] = call.args;
  if (file === undefined || rest.length > 0)
    throw new UsageError("One file is needed.", "Write telovix policy convert FILE.");
  const to = formatOf(call);
  const out = textFlag(call.flags, "out");
  if (to === "plan" && out === undefined)
    throw new UsageError("A plan is not text.", "Say with --out where it is written to.");
  const variables = readVariables(listFlag(call.flags, "set"));
  const plans = await readPlans(file, variables);
  variables.refuseUnused();
  if (out === undefined) {
    const all = plans.map(planJson);
    call.out(`${JSON.stringify(all.length === 1 ? all[0] : all, null, 2)}\n`);
    return EXIT.ok;
  }
  const intoDirectory = plans.length > 1 || out.endsWith("/") || (await isDirectory(out));
  if (!intoDirectory) {
    await writeFile(out, content(plans[0]!, to));
    return EXIT.ok;
  }
  await mkdir(out, { recursive: true });
  for (const plan of plans) {
    const path = join(out, `${planFileName(plan)}.${to}`);
    await writeFile(path, content(plan, to));
    call.out(`${path}\n`);
  }
  return EXIT.ok;
}
