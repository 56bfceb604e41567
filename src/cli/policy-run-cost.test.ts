import { describe, expect, test } from "bun:test";
import { HEAD } from "../../test/harness/policy-text.ts";
import { checkPolicyText } from "../core/policy/check.ts";
import { lowerPlan } from "../core/policy/plan/lower.ts";
import { PolicyChanges } from "./policy-changes.ts";
import { costText, type LoadedPolicy } from "./policy-run-cost.ts";

function loaded(name: string, hook: string, spec: string, backend: string): LoadedPolicy {
  const { policy, problems } = checkPolicyText(`${HEAD}${spec}`).documents[0]!;
  if (!policy) throw new Error(JSON.stringify(problems));
  return { name, plan: lowerPlan(policy), status: { name, state: "ok", hooks: [{ hook, backend, status: "ok" }] } };
}

const hot = loaded("hot", "sys_enter", "  tracepoints:\n  - {subsystem: raw_syscalls, event: sys_enter}\n", "raw_tp");
const cold = loaded("cold", "sys_dup3", "  kprobes:\n  - call: sys_dup3\n", "sys_enter");

describe("what was loaded costs", () => {
  test("one sum for a quiet policy alone", () => {
    expect(costText([cold])).toMatch(/^Estimated cost: \d\.\d+ % of a core, at the rates of a busy server\.$/);
  });

  test("each policy by name, and which is over the budget", () => {
    const [total = "", first = "", second = ""] = costText([hot, cold]).split("\n");
    expect(total).toMatch(
      /cost: \d\d+\.\d % of a core, at the rates of a busy server, \d\.\d % without what is over its/,
    );
    expect(first).toMatch(
      /^ {2}hot: \d\d+\.\d %; over the budget of 20,000 events a second: .* switches the policy off/,
    );
    expect(second).toMatch(/^ {2}cold: 0\.\d\d %$/);
  });

  test("one policy over its budget says so, too", () => {
    expect(costText([hot])).toContain("hot: ");
  });

  test("what is not loaded costs nothing", () => {
    const { status: _, ...rest } = hot;
    expect(costText([{ ...rest, status: undefined }])).toContain("cost: 0.00 %");
  });
});

describe("changes of policies", () => {
  test("are told once, and only of what is another", () => {
    const changes = new PolicyChanges([
      { name: "a", state: "ok" },
      { name: "b", state: "ok" },
    ]);
    const now = [
      { name: "a", state: "rejected", reason: "Switched off: why." },
      { name: "b", state: "ok" },
    ];
    expect(changes.take([{ name: "a", state: "ok" }])).toEqual([]);
    expect(changes.take(now)).toEqual(["Policy a is rejected: Switched off: why."]);
    expect(changes.take(now)).toEqual([]);
    expect(changes.take([{ name: "a", state: "ok" }])).toEqual(["Policy a is ok"]);
  });
});
