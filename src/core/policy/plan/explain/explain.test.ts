import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { checkPolicyText } from "../../check.ts";
import { parseHostFacts, type HostFacts } from "../host-facts.ts";
import { lowerPlan } from "../lower.ts";
import type { Plan } from "../plan.ts";
import { anyPlan } from "../random-plan.ts";
import { explainPlan } from "./explain.ts";
import { explanationText } from "./text.ts";

const read = (file: string): string => readFileSync(join(import.meta.dir, "../testdata", file), "utf8");
const facts = (name: string): HostFacts => parseHostFacts(JSON.parse(read(`facts-${name}.json`)));
const HOSTS = ["6.12", "6.1-rt", "6.18-no-kprobes"] as const;

function planOf(text: string): Plan {
  const { policy, problems } = checkPolicyText(text).documents[0]!;
  if (!policy) throw new Error(JSON.stringify(problems));
  return lowerPlan(policy);
}

const explained = (name: string, host: (typeof HOSTS)[number]): string =>
  explanationText(explainPlan(planOf(read(`${name}.yaml`)), facts(host)));

describe("explanations", () => {
  for (const name of ["links", "secrets", "egress", "loud"])
    for (const host of HOSTS)
      test(`${name} on ${host}`, () => {
        expect(explained(name, host)).toMatchSnapshot();
      });

  test("without a host nothing is said of one", () => {
    const text = explanationText(explainPlan(planOf(read("links.yaml"))));
    expect(text).not.toContain("Here ");
    expect(text).not.toContain("Cost");
    expect(text).toContain("the call fails with EACCES");
  });

  test("a mode that is asked for wins", () => {
    const plan = planOf(read("links.yaml"));
    expect(explanationText(explainPlan(plan, facts("6.12"), "monitor"))).toContain(
      "in monitor mode it is only reported",
    );
    expect(explanationText(explainPlan(plan, facts("6.12"), "enforce"))).toContain("It enforces");
  });

  test("the total has what is over budget in it, and the total without it stands beside it", () => {
    const { groups, share, shareInBudget } = explainPlan(planOf(read("loud.yaml")), facts("6.12"));
    const hot = groups.flatMap((g) => g.onHost!).filter((h) => h.cost!.over !== undefined);
    expect(share! - shareInBudget!).toBeGreaterThan(hot.reduce((sum, h) => sum + h.cost!.share, 0) * 0.99);
    expect(explained("loud", "6.12").replaceAll(/\s+/g, " ")).toMatch(
      /busy server: \d\d+ % of one core, 5\.\d % without the 1 hook over budget/,
    );
  });

  test("what is over budget is said to be taken out", () => {
    const { groups } = explainPlan(planOf(read("loud.yaml")), facts("6.12"));
    const over = groups.filter((g) => g.onHost![0]!.cost!.over !== undefined).map((g) => g.name);
    expect(over).toEqual(["raw_syscalls/sys_enter"]);
    expect(explained("loud", "6.12")).toContain("is over the budget of");
  });
});

describe("any plan", () => {
  const hosts = fc.constantFrom(undefined, {}, ...HOSTS.map(facts));

  test("is explained in lines a terminal only prints", () => {
    fc.assert(
      fc.property(anyPlan, hosts, (plan, host) => {
        const text = explanationText(explainPlan(plan, host));
        expect(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u.test(text)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("has a JSON explanation", () => {
    fc.assert(
      fc.property(anyPlan, hosts, (plan, host) => {
        const said = explainPlan(plan, host);
        expect(JSON.parse(JSON.stringify(said))).toEqual(said);
        expect(said.groups.flatMap((g) => g.hooks).length).toBe(plan.hooks.length);
      }),
      { numRuns: 100 },
    );
  });
});
