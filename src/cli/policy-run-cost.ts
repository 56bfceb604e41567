import type { Backend } from "../core/policy/plan/choice.ts";
import { everySyscallShare, hookCost, type HookCost } from "../core/policy/plan/cost.ts";
import { overBudgetWords } from "../core/policy/plan/explain/budget-words.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import { isBackend } from "../core/policy/plan/resolution.ts";
import type { PolicyStatus } from "./policy-status.ts";

interface Loaded {
  readonly backend: Backend;
  readonly cost: HookCost;
}

/** What was loaded of a policy: its name, and what the engine says of it. */
export interface LoadedPolicy {
  readonly name: string;
  readonly plan: Plan;
  readonly status: PolicyStatus | undefined;
}

function loadedHooks({ plan, status }: LoadedPolicy): readonly Loaded[] {
  const served = status?.hooks?.filter((h) => h.status !== "rejected");
  return plan.hooks.flatMap((hook) => {
    const backend = served?.find((h) => h.hook === hook.call && h.backend !== undefined)?.backend ?? "";
    return isBackend(backend) ? [{ backend, cost: hookCost(hook, backend) }] : [];
  });
}

const shareOf = (hooks: readonly Loaded[]): number => hooks.reduce((sum, { cost }) => sum + cost.share, 0);

/** What all system calls pay is paid once, however many policies there are. */
const withEvery = (hooks: readonly Loaded[]): number =>
  shareOf(hooks) + everySyscallShare(new Set(hooks.map((h) => h.backend)));

function percent(share: number): string {
  const value = 100 * share;
  return `${value.toFixed(value < 1 ? 2 : 1)} %`;
}

/** What the hooks that were loaded may cost, as `policy explain` reckons it: of each policy, and of all. */
export function costText(policies: readonly LoadedPolicy[]): string {
  const hooks = policies.map(loadedHooks);
  const all = hooks.flat();
  const inBudget = all.filter(({ cost }) => cost.over === undefined);
  const without =
    inBudget.length < all.length ? `, ${percent(withEvery(inBudget))} without what is over its budget` : "";
  const total = `Estimated cost: ${percent(withEvery(all))} of a core, at the rates of a busy server${without}.`;
  if (policies.length === 1 && without === "") return total;
  const lines = policies.map(({ name }, i) => {
    const overs = new Set(hooks[i]!.flatMap(({ cost }) => cost.over ?? []));
    const over = [...overs].map((kind) => `; ${overBudgetWords(kind)}`).join("");
    return `  ${name}: ${percent(shareOf(hooks[i]!))}${over}`;
  });
  return [total, ...lines].join("\n");
}
