import type { HookChoice } from "../choice.ts";
import { chooseBackends, hookName } from "../choose.ts";
import { needsOf } from "../needs.ts";
import { everySyscallShare, hookCost, type HookCost } from "../cost.ts";
import type { HostFacts } from "../host-facts.ts";
import { withResolution, type Resolution } from "../resolution.ts";
import type { Plan, PlanAction, PlanHook, PlanSelector } from "../plan.ts";
import { actionWords, returnActWords } from "./action-words.ts";
import { filterWords } from "./filter-words.ts";
import { groupHooks, groupName, recordedWords, triggerWords } from "./hook-words.ts";
import { missesIoUring } from "./io-uring.ts";
import { workloadWords } from "./workload-words.ts";

export interface ExplainedSelector {
  readonly label?: string;
  /** All must hold; empty: always. */
  readonly conditions: readonly string[];
  /** What is done at once. */
  readonly acts: readonly string[];
  /** These must hold too when the call returns, for what is in `outcome`. */
  readonly returnConditions: readonly string[];
  /** How it is reported, and what else is done when the call returns. */
  readonly outcome: readonly string[];
}

/** A hook on the host: what it gets and what it costs. */
export interface HookOnHost extends HookChoice {
  readonly cost?: HookCost;
}

/** The hooks of one entry of the policy. */
export interface ExplainedGroup {
  readonly name: string;
  readonly hooks: readonly string[];
  readonly line: number;
  readonly trigger: string;
  /** The same can be done through io_uring, which it does not see. */
  readonly missesIoUring: boolean;
  readonly recorded: string;
  readonly message?: string;
  readonly enforces: boolean;
  readonly isEnforcer: boolean;
  /** What is done with what such a call returns, reported or not. */
  readonly onReturn?: string;
  /** The first that holds counts; empty: every hit is reported. Those of `loader: true` are in `trigger`. */
  readonly selectors: readonly ExplainedSelector[];
  /** One for each of `hooks`; absent when nothing is known of a host. */
  readonly onHost?: readonly HookOnHost[];
}

export interface Explanation {
  readonly name: string;
  readonly namespace?: string;
  /** As it was asked for, else as the policy says it. */
  readonly mode: "default" | "monitor" | "enforce";
  /** Whom it is about. */
  readonly scope: string;
  readonly reportsExecutableMappings: boolean;
  readonly groups: readonly ExplainedGroup[];
  readonly host?: {
    readonly kernel?: string;
    readonly isRealTime: boolean;
    /** False: only kinds of programs are known, not the kernel's functions, events and types. */
    readonly isResolved: boolean;
  };
  /** Estimated share of one core on a busy server. */
  readonly share?: number;
  /** The same without hooks over their budget. */
  readonly shareInBudget?: number;
  /** Part of `share` that every system call pays. */
  readonly everySyscallShare?: number;
}

function conditionsOf(filters: PlanSelector["filters"], hook: PlanHook): string[] {
  return filters.map((f) => filterWords(f, hook));
}

const isReport = (a: PlanAction): boolean => a.kind === "post" || a.kind === "no_post";

/** How it is reported: without a word about it, it is. */
function reportsOf(actions: readonly PlanAction[], hook: PlanHook): string[] {
  const reports = actions.filter(isReport).map((a) => actionWords(a, hook));
  return reports.length > 0 ? reports : ["it is reported"];
}

function actsOf(actions: readonly PlanAction[], hook: PlanHook): string[] {
  return actions.filter((a) => !isReport(a)).map((a) => actionWords(a, hook));
}

function explainSelector(selector: PlanSelector, hook: PlanHook): ExplainedSelector {
  const { label, actions, return_actions: later } = selector;
  return {
    ...(label === "" ? {} : { label }),
    conditions: conditionsOf(selector.filters, hook),
    acts: actsOf(actions, hook),
    returnConditions: conditionsOf(selector.return_filters, hook),
    outcome: later.length > 0 ? [...actsOf(later, hook), ...reportsOf(later, hook)] : reportsOf(actions, hook),
  };
}

function scopeWords({ policy }: Plan): string {
  const where = policy.namespace === "" ? "" : `, in the namespace ${policy.namespace}`;
  if (policy.workload !== "") return `${workloadWords(policy.workload)}${where}`;
  if (policy.flags.includes("namespaced")) return `any pod${where}`;
  return "all processes, of the host and of its containers";
}

function onHost(hook: PlanHook, choice: HookChoice): HookOnHost {
  return choice.backend === undefined ? choice : { ...choice, cost: hookCost(hook, choice.backend) };
}

function explainGroup(
  plan: Plan,
  hooks: readonly PlanHook[],
  choices: readonly HookChoice[] | undefined,
): ExplainedGroup {
  const hook = hooks[0]!;
  const needs = needsOf(plan, hook);
  return {
    name: groupName(hooks),
    hooks: hooks.map(hookName),
    line: hook.line,
    trigger: triggerWords(hook, hooks.length),
    missesIoUring: !hook.flags.includes("enforcer") && hooks.some(missesIoUring),
    recorded: recordedWords(hook),
    ...(hook.message === "" ? {} : { message: hook.message }),
    enforces: needs.override || needs.signal || needs.registers,
    isEnforcer: hook.flags.includes("enforcer"),
    selectors: hook.flags.includes("loader") ? [] : hook.selectors.map((s) => explainSelector(s, hook)),
    ...(hook.return_action === "none" ? {} : { onReturn: returnActWords(hook.return_action) }),
    ...(choices === undefined ? {} : { onHost: hooks.map((h, i) => onHost(h, choices[i]!)) }),
  };
}

function choicesOf(
  plan: Plan,
  facts: HostFacts,
  mode: "monitor" | "enforce" | undefined,
  resolved: Resolution | undefined,
): readonly HookChoice[] {
  const choices = chooseBackends(plan, facts, mode);
  if (resolved === undefined) return choices;
  const enforcing = chooseBackends(plan, facts, "enforce");
  const found = new Map(resolved.hooks.map((hook) => [hook.index, hook]));
  return choices.map((choice, i) => withResolution(choice, enforcing[i]!, found.get(i)));
}

function totals(groups: readonly ExplainedGroup[]): Pick<Explanation, "share" | "shareInBudget" | "everySyscallShare"> {
  const hooks = groups.flatMap((g) => g.onHost ?? []).filter((h) => h.cost !== undefined);
  const every = (of: typeof hooks): number =>
    everySyscallShare(
      new Set(of.flatMap((h) => [...(h.beside ?? []), ...(h.backend === undefined ? [] : [h.backend])])),
    );
  const sum = (of: typeof hooks): number => of.reduce((total, h) => total + h.cost!.share, every(of));
  const inBudget = hooks.filter((h) => h.cost!.over === undefined);
  return { share: sum(hooks), shareInBudget: sum(inBudget), everySyscallShare: every(hooks) };
}

/**
 * A plan in words: what it hooks, on what it acts and how, and, with the facts of a host, what each hook gets there and
 * costs. `mode`: as it would be loaded. `resolved`: what the engine of that host found of the plan.
 */
export function explainPlan(
  plan: Plan,
  facts?: HostFacts,
  mode?: "monitor" | "enforce",
  resolved?: Resolution,
): Explanation {
  const choices = facts === undefined ? undefined : choicesOf(plan, facts, mode, resolved);
  const groups = groupHooks(plan.hooks).map((indexes) =>
    explainGroup(
      plan,
      indexes.map((i) => plan.hooks[i]!),
      choices && indexes.map((i) => choices[i]!),
    ),
  );
  const { name, namespace } = plan.policy;
  return {
    name,
    ...(namespace === "" ? {} : { namespace }),
    mode: mode ?? plan.policy.mode,
    scope: scopeWords(plan),
    reportsExecutableMappings: plan.policy.flags.includes("loader"),
    groups,
    ...(facts === undefined
      ? {}
      : {
          host: {
            ...(facts.kernel === undefined ? {} : { kernel: facts.kernel }),
            isRealTime: facts.preempt_rt === true,
            isResolved: resolved !== undefined,
          },
          ...totals(groups),
        }),
  };
}
