import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPolicyText } from "../check.ts";
import { chooseBackends } from "./choose.ts";
import { decodePlan } from "./decode.ts";
import { encodePlan } from "./encode.ts";
import { explainPlan } from "./explain/explain.ts";
import { explanationText } from "./explain/text.ts";
import { parseHostFacts } from "./host-facts.ts";
import { lowerPlan } from "./lower.ts";
import { planJson } from "./plan-json.ts";

/** Policies that users of the format write; they lie beside the repository. */
const EXAMPLES = join(import.meta.dir, "../../../../../shared/data/tracingpolicy");
const VARIABLES = new Map([
  ["PODCIDR", "10.244.0.0/16"],
  ["SERVICECIDR", "10.96.0.0/12"],
]);

const host = parseHostFacts(JSON.parse(readFileSync(join(import.meta.dir, "testdata/facts-6.12.json"), "utf8")));

function texts(): readonly (readonly [string, string])[] {
  return readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => [name, readFileSync(join(EXAMPLES, name), "utf8")] as const);
}

if (!existsSync(EXAMPLES)) {
  test.skip(`NOT TRIED: no example policies at ${EXAMPLES}`, () => {});
} else {
  test.each(texts())("%s becomes a plan that is read back", (_, text) => {
    const policies = checkPolicyText(text, { variables: VARIABLES }).documents.flatMap((d) => d.policy ?? []);
    expect(policies.length).toBeGreaterThan(0);
    for (const policy of policies) {
      const plan = lowerPlan(policy);
      const bytes = encodePlan(policy);
      expect(decodePlan(bytes)).toEqual(plan);
      expect(encodePlan(policy)).toEqual(bytes);
      expect(JSON.stringify(planJson(plan)).length).toBeGreaterThan(50);
      expect(chooseBackends(plan, host).length).toBe(plan.hooks.length);
      expect(explanationText(explainPlan(plan, host))).toContain(policy.name);
    }
  });
}
