import { describe, expect, test } from "bun:test";
import type { HookChoice } from "./choice.ts";
import { HEAD } from "../../../../test/harness/policy-text.ts";
import { checkPolicyText } from "../check.ts";
import { decodePlan } from "./decode.ts";
import { lowerPlan } from "./lower.ts";
import type { Plan } from "./plan.ts";
import { inMonitorMode, parseResolution, watchedPlan, withResolution, type Resolution } from "./resolution.ts";
import { writePlan } from "./write.ts";

const NONE = { method: "none", stopsCall: false } as const;
const works: HookChoice = { hook: "f", kind: "kprobe", backend: "kprobe", status: "ok", enforcement: NONE };
const cannot: HookChoice = { hook: "f", kind: "kprobe", status: "rejected", reason: "cannot deny", enforcement: NONE };

function found(more: object): Resolution["hooks"][number] {
  const hook = { index: 0, line: 7, column: 5, state: "ok", mechanism: "kprobe", reason: "", ...more };
  return parseResolution({ tried: true, hooks: [hook] }).hooks[0]!;
}

describe("what the engine found", () => {
  test("beats the rules", () => {
    const missing = found({ state: "rejected", mechanism: "", reason: "no such function on this kernel: f" });
    expect(withResolution(works, works, missing)).toEqual({
      hook: "f",
      kind: "kprobe",
      status: "rejected",
      reason: "no such function on this kernel: f",
      enforcement: NONE,
    });
    expect(withResolution(works, works, found({ mechanism: "kprobe+sys_exit" })).backend).toBe("sys_exit");
    expect(withResolution(works, works, found({ state: "degraded", reason: "a loss" }))).toMatchObject({
      status: "degraded",
      reason: "a loss",
    });
    expect(withResolution(works, works, undefined)).toBe(works);
  });

  test("is not asked about monitor mode", () => {
    const missing = found({ state: "rejected", reason: "nothing here can deny f" });
    expect(withResolution(works, cannot, missing)).toBe(works);
    expect(withResolution(works, works, missing).status).toBe("rejected");
  });

  test("of monitor mode: losses of watching, by the mechanisms it would enforce through", () => {
    const killed = found({ state: "degraded", mechanism: "sys_enter+sys_exit", reason: "f itself is not denied" });
    const watched = found({ mechanism: "sys_exit" });
    const of = (...hooks: Resolution["hooks"]): Resolution => ({ tried: true, hooks });
    expect(inMonitorMode(of(killed), of(watched)).hooks).toEqual([{ ...watched, mechanism: "sys_enter+sys_exit" }]);
    const denied = found({ state: "rejected", mechanism: "", reason: "nothing here can deny f" });
    expect(inMonitorMode(of(denied), of(watched)).hooks).toEqual([watched]);
  });

  test("a plan that is only watched stops nothing, and reports all the same", () => {
    const actions = "{action: Sigkill}, {action: Override, argError: -1}, {action: Post, rateLimit: 5s}";
    const text = `${HEAD}  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchActions: [${actions}]\n`;
    const plan = lowerPlan(checkPolicyText(text).documents[0]!.policy!);
    const kindsOf = ({ hooks }: Plan): string[] => hooks.flatMap((h) => h.selectors[0]!.actions.map((a) => a.kind));
    expect(kindsOf(plan)).toEqual(["sigkill", "override", "post"]);
    expect(kindsOf(watchedPlan(plan))).toEqual(["post"]);
    expect(decodePlan(writePlan(watchedPlan(plan))).hooks).toHaveLength(1);
  });

  test("is refused when it is no answer", () => {
    expect(() => parseResolution({ tried: true, hooks: [{}] })).toThrow();
    expect(() => found({ state: "fine" })).toThrow();
  });
});
