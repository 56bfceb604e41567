import { BUDGET, type HookCost } from "../cost.ts";

const rate = (hits: number): string => hits.toLocaleString("en");

const BUDGETS = {
  timePercent: `${BUDGET.timePercent} % of all CPUs for a hook`,
  told: `${rate(BUDGET.told)} events a second`,
  matched: `${rate(BUDGET.matched)} matches a second`,
} as const;

/** What is above the engine's budget, and what comes of it. */
export function overBudgetWords(over: NonNullable<HookCost["over"]>): string {
  return `over the budget of ${BUDGETS[over]}: at such a rate the engine switches the policy off by itself`;
}
