import { expect } from "bun:test";
import { checkPolicyText } from "../check.ts";
import { decodePlan } from "./decode.ts";
import { encodePlan } from "./encode.ts";
import { EMPTY_HOOK, lowerPlan } from "./lower.ts";
import type { Plan, PlanFilter, PlanHook } from "./plan.ts";
import { bytesText } from "./value-text.ts";

/* Small policies and their plans, for tests. */

export type Spec = Readonly<Record<string, unknown>>;

/** The plan of a policy with this spec; JSON is YAML. What was written must be what is read. */
export function plan(spec: Spec, head: Spec = {}): Plan {
  const text = JSON.stringify({
    apiVersion: "cilium.io/v1alpha1",
    kind: "TracingPolicy",
    metadata: { name: "p" },
    ...head,
    spec,
  });
  const document = checkPolicyText(text).documents[0]!;
  if (!document.policy) throw new Error(JSON.stringify(document.problems));
  const lowered = lowerPlan(document.policy);
  expect(decodePlan(encodePlan(document.policy))).toEqual(lowered);
  return lowered;
}

export const arg = (index: number, type: string, more: Spec = {}): Spec => ({ index, type, ...more });

/** One kprobe on a function with these arguments and this selector. */
export function hook(args: readonly Spec[], selector: Spec, more: Spec = {}): PlanHook {
  return plan({ kprobes: [{ call: "f", syscall: false, args, selectors: [selector], ...more }] }).hooks[0]!;
}

export function filter(args: readonly Spec[], selector: Spec, more: Spec = {}): PlanFilter {
  return hook(args, selector, more).selectors[0]!.filters[0]!;
}

export const match = (operator: string, values: readonly string[], index = 0): Spec => ({
  matchArgs: [{ index, operator, values }],
});

/** Values as pairs, or as text where there is any. */
export function values({ values: list }: PlanFilter): unknown[] {
  return list.map(({ a, b, text }) =>
    text.length > 0 ? bytesText(text) : [BigInt.asIntN(64, a), BigInt.asIntN(64, b)],
  );
}

/** A plan with a hook at each of these system calls, which asks for nothing. */
export const planOf = (...calls: readonly string[]): Plan => ({
  policy: { name: "p", namespace: "", workload: "", mode: "default", override_method: "any", flags: [] },
  hooks: calls.map((call) => ({ ...EMPTY_HOOK, flags: ["syscall"], call, line: 1, column: 1 })),
});
