import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { hookNames, packsDoc, readPacks } from "../../scripts/packs-doc.ts";
import { checkPolicyText } from "../../src/core/policy/check.ts";
import type { Policy } from "../../src/core/policy/model.ts";
import type { PackPolicy } from "../../src/core/policy/pack/read.ts";
import { chooseBackends } from "../../src/core/policy/plan/choose.ts";
import { parseHostFacts } from "../../src/core/policy/plan/host-facts.ts";
import { encodePlan } from "../../src/core/policy/plan/encode.ts";
import { lowerPlan } from "../../src/core/policy/plan/lower.ts";

const ROOT = resolve(import.meta.dir, "../..");
const packs = await readPacks();
const policies: readonly PackPolicy[] = packs.flatMap((pack) => pack.policies);
const reports = new Map(policies.map((p) => [p.name, checkPolicyText(p.text)]));
const ENFORCING = new Set(["sigkill", "signal", "override", "notifyEnforcer", "set"]);

/** Of the checked text; a text with a problem has failed its own test. */
function policyOf({ name }: PackPolicy): Policy {
  const policy = reports.get(name)?.documents[0]?.policy;
  if (!policy) throw new Error(`${name} is not valid`);
  return policy;
}

function isEnforcing(policy: PackPolicy): boolean {
  return policyOf(policy)
    .hooks.flatMap((h) => h.selectors)
    .flatMap((s) => [...s.actions, ...s.returnActions])
    .some((a) => ENFORCING.has(a.kind));
}

async function facts(kernel: string): Promise<ReturnType<typeof parseHostFacts>> {
  const file = join(ROOT, `src/core/policy/plan/testdata/facts-${kernel}.json`);
  return parseHostFacts(JSON.parse(await readFile(file, "utf8")));
}

function rejected(policy: PackPolicy, host: Awaited<ReturnType<typeof facts>>): readonly string[] {
  return chooseBackends(lowerPlan(policyOf(policy)), host, "monitor")
    .filter((choice) => choice.status === "rejected")
    .map((choice) => `${policy.name}: ${choice.hook}: ${choice.reason}`);
}

describe("the packs", () => {
  test("are those of the catalogue, and only two can enforce", () => {
    expect(packs.map((p) => p.manifest.id)).toEqual([
      "baseline",
      "linux-baseline",
      "o-cloud-baseline-observe",
      "o-cloud-core-observe",
      "o-cloud-integrity-guard",
      "o-cloud-interconnect-observe",
      "o-cloud-runtime-observe",
      "o-cu-baseline-observe",
      "o-cu-core-signaling-observe",
      "o-cu-ims-session-observe",
      "o-cu-signaling-observe",
      "o-du-baseline-observe",
      "o-du-fronthaul-observe",
      "o-du-process-guard",
    ]);
    const capable = packs.filter((p) => p.manifest.enforcementCapable).map((p) => p.manifest.id);
    expect(capable).toEqual(["o-cloud-integrity-guard", "o-du-process-guard"]);
    expect(policies.length).toBeGreaterThanOrEqual(100);
  });

  test("give every policy a name of its own", () => {
    const names = policies.map((p) => p.name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test.each(packs)("$manifest.id holds enforcement only where it says so, and then in monitor mode", (pack) => {
    const enforcing = pack.policies.filter(isEnforcing);
    expect(enforcing.length > 0).toBe(pack.manifest.enforcementCapable);
    expect(enforcing.filter((p) => policyOf(p).options.policyMode !== "monitor").map((p) => p.name)).toEqual([]);
  });

  test("are described in docs/packs.md", async () =>
    expect(await readFile(join(ROOT, "docs/packs.md"), "utf8")).toBe(await packsDoc()));
});

describe.each(policies)("$name", (policy) => {
  const { name, text, metadata } = policy;

  test("is one valid policy of that name, without a warning, and compiles", () => {
    expect(reports.get(name)?.documents.map((d) => [d.name, d.kind, d.verdict, d.problems])).toEqual([
      [name, "TracingPolicy", "valid", []],
    ]);
    expect(encodePlan(policyOf(policy)).length).toBeGreaterThan(0);
  });

  test("says on every hook what it saw, with its techniques", () => {
    const tags = [...metadata.mitre, ...(metadata.fight ?? [])];
    for (const hook of policyOf(policy).hooks) {
      expect(hook.message?.length).toBeGreaterThan(5);
      expect(hook.tags).toEqual(tags);
    }
  });

  test("has a self-test for each thing it says, and for nothing else", () => {
    const messages = new Set(policyOf(policy).hooks.map((h) => h.message ?? ""));
    const proven = new Set(metadata.selfTest.map((step) => String(step.expect.fields["message"])));
    expect([...proven].toSorted()).toEqual([...messages].toSorted());
  });

  test("names other kinds only for its own hooks", () => {
    const hooks = hookNames(text);
    expect(Object.keys(metadata.kinds ?? {}).filter((hook) => !hooks.includes(hook))).toEqual([]);
  });

  test("stands in only for one that knows of it", () => {
    const { fallbackOf } = metadata;
    if (fallbackOf !== undefined)
      expect(policies.find((p) => p.name === fallbackOf)?.metadata.coveredBy).toContain(name);
  });
});

describe("on a kernel", () => {
  test.each(["6.1-rt", "6.12"])("%s every hook of every policy has a way in", async (kernel) => {
    const host = await facts(kernel);
    expect(policies.flatMap((p) => rejected(p, host))).toEqual([]);
  });

  test("without kprobes, trampolines and BPF security modules every policy works, or another covers it", async () => {
    const host = await facts("6.18-no-kprobes");
    const works = (p: PackPolicy): boolean => rejected(p, host).length === 0;
    const stands = new Map(policies.map((p) => [p.name, works(p)]));
    expect(stands.get("linux-shadow-read-lsm")).toBe(false);
    const uncovered = policies.filter(
      (p) => !works(p) && !(p.metadata.coveredBy ?? []).some((other) => stands.get(other)),
    );
    expect(uncovered.map((p) => p.name)).toEqual([]);
  });
});
