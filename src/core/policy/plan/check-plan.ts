import { MAX_STACK, RETURN_POSITION } from "./layout.ts";
import { ARG_FILTER_KINDS } from "./names.ts";
import type { Plan, PlanCode, PlanFilter, PlanHook } from "./plan.ts";
import { planError } from "./plan-error.ts";

const OF_AN_ARGUMENT: ReadonlySet<PlanFilter["kind"]> = new Set(ARG_FILTER_KINDS);

/** True for a filter that looks at an argument (`arg` is its position), false for one on the process. */
export function isArgFilter(filter: PlanFilter): boolean {
  return OF_AN_ARGUMENT.has(filter.kind);
}

const PUSHES: ReadonlySet<PlanCode["op"]> = new Set(["const", "arg"]);
const UNARY: ReadonlySet<PlanCode["op"]> = new Set(["not", "logic_not", "int32", "uint32"]);

/** Greatest depth of the stack, or undefined when the code takes what is not there or does not leave one value. */
export function stackDepth(code: readonly PlanCode[]): number | undefined {
  let depth = 0;
  let most = 0;
  for (const { op } of code) {
    const takes = PUSHES.has(op) ? 0 : UNARY.has(op) ? 1 : 2;
    if (depth < takes) return undefined;
    depth += 1 - takes;
    most = Math.max(most, depth);
  }
  return depth === 1 ? most : undefined;
}

/** Positions a list of filters uses, the return value's apart. Computed once per list. */
class Positions {
  readonly #known = new Map<readonly PlanFilter[], { highest: number; ofReturn: boolean }>();

  of(filters: readonly PlanFilter[]): { highest: number; ofReturn: boolean } {
    const known = this.#known.get(filters);
    if (known) return known;
    let highest = -1;
    let ofReturn = false;
    const use = (position: number): void => {
      if (position === RETURN_POSITION) ofReturn = true;
      else highest = Math.max(highest, position);
    };
    for (const filter of filters) {
      if (isArgFilter(filter)) use(filter.arg);
      if (filter.kind === "caps_gained") use(filter.sub);
      if (filter.kind === "expression") {
        const depth = stackDepth(filter.code);
        if (depth === undefined || depth > MAX_STACK) throw planError("an expression does not add up");
        for (const step of filter.code) if (step.op === "arg") use(step.arg);
      }
    }
    const found = { highest, ofReturn };
    this.#known.set(filters, found);
    return found;
  }
}

/** What the fields' own bounds do not say: positions lead to arguments the hook has, expressions add up. */
export function checkPlan(plan: Plan): void {
  const positions = new Positions();
  const seen = new Map<PlanHook["selectors"], { highest: number; ofReturn: boolean }>();
  for (const hook of plan.hooks) {
    let used = seen.get(hook.selectors);
    if (!used) {
      used = { highest: -1, ofReturn: false };
      for (const selector of hook.selectors) {
        const before = positions.of(selector.filters);
        const after = positions.of(selector.return_filters);
        if (before.ofReturn) throw planError("a filter looks at the return value before there is one");
        used.highest = Math.max(used.highest, before.highest, after.highest);
        used.ofReturn ||= after.ofReturn;
      }
      seen.set(hook.selectors, used);
    }
    if (used.highest >= hook.args.length) throw planError("a filter looks at an argument that its hook does not read");
    if (used.ofReturn && hook.return_arg === null)
      throw planError("a filter looks at a return value that its hook does not read");
  }
}
