import { isArgFilter } from "./check-plan.ts";
import { PLAN_VERSION } from "./layout.ts";
import { CAP_SETS, NAMESPACES } from "./names.ts";
import type { Plan, PlanAction, PlanArg, PlanCode, PlanFilter, PlanHook, PlanSelector, PlanValue } from "./plan.ts";
import { argAt, bytesText, isTextFilter, networkText, positionText, rangeText, signedBy } from "./value-text.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const isEmpty = (value: unknown): boolean =>
  value === "" ||
  value === null ||
  value === 0 ||
  value === 0n ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0);

/** A number as JSON can hold it exactly: a string from 2^53 on. */
function number(value: bigint): Json {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : `${value}`;
}

/** Fields with something in them; big numbers as JSON takes them. */
function compact(record: Readonly<Record<string, unknown>>): Record<string, Json> {
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(record))
    if (!isEmpty(value)) out[key] = typeof value === "bigint" ? number(value) : (value as Json);
  return out;
}

function parsed(text: string): Json | undefined {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function argJson(arg: PlanArg, position: number): Json {
  const { source, ...rest } = arg;
  return { position, ...compact(rest), ...(source === "arg" ? {} : { source }), type: arg.type, index: arg.index };
}

type ValueJson = (value: PlanValue, arg: PlanArg | undefined) => Json;
const hex: ValueJson = ({ a }) => `0x${a.toString(16)}`;
const ports: ValueJson = (value) => rangeText(value, undefined);

/** How values are shown; those of other filters are text, or a number. */
const VALUES: Readonly<Partial<Record<PlanFilter["kind"], ValueJson>>> = {
  int_equal: (value, arg) => (value.text.length > 0 ? bytesText(value.text) : number(signedBy(value.a, arg))),
  int_range: (value, arg) => (value.text.length > 0 ? bytesText(value.text) : rangeText(value, arg)),
  sport: ports,
  dport: ports,
  saddr: networkText,
  daddr: networkText,
  int_mask: hex,
  caps_gained: hex,
  capability: hex,
  capability_change: hex,
  namespace: ({ a, b }) => (b === 1n ? "host" : number(a)),
  namespace_change: ({ a }) => NAMESPACES[Number(a)] ?? number(a),
  workload: ({ text }) => parsed(bytesText(text)) ?? null,
};

function valueJson(filter: PlanFilter, value: PlanValue, hook: PlanHook): Json {
  const show = VALUES[filter.kind];
  if (show) return show(value, argAt(hook, filter.arg));
  return isTextFilter(filter) ? bytesText(value.text) : number(value.a);
}

/** What `sub` says, under a name of its own. */
function subJson({ kind, sub }: PlanFilter): Record<string, Json> {
  if (kind === "namespace") return { namespace: NAMESPACES[sub] ?? sub };
  if (kind === "capability" || kind === "capability_change") return { set: CAP_SETS[sub] ?? sub };
  if (kind === "caps_gained") return { old_arg: positionText(sub) };
  return kind === "str_equal" && sub === 1 ? { also_as_integer: true } : {};
}

function codeJson({ op, arg, value }: PlanCode): Json {
  return op === "const" ? `const ${BigInt.asIntN(64, value)}` : op === "arg" ? `arg ${positionText(arg)}` : op;
}

function filterJson(filter: PlanFilter, hook: PlanHook): Json {
  return {
    kind: filter.kind,
    ...(filter.flags.length > 0 ? { flags: filter.flags } : {}),
    ...(isArgFilter(filter) ? { arg: positionText(filter.arg) } : {}),
    ...subJson(filter),
    ...(filter.kind === "expression"
      ? { code: filter.code.map(codeJson) }
      : { values: filter.values.map((value) => valueJson(filter, value, hook)) }),
  };
}

function actionJson(action: PlanAction): Json {
  const { kind, scope, error, signal, value, arg, ...rest } = action;
  const takesArg = kind === "track_sock" || kind === "untrack_sock" || kind === "set" || kind === "notify_enforcer";
  return {
    kind,
    ...compact(rest),
    ...(action.interval_ns > 0n ? { scope } : {}),
    ...(error === 0 ? {} : { error }),
    ...(signal === 0 ? {} : { signal }),
    ...(kind === "set" ? { value } : {}),
    ...(takesArg ? { arg: positionText(arg) } : {}),
  };
}

function selectorJson(selector: PlanSelector, hook: PlanHook): Json {
  return compact({
    label: selector.label,
    filters: selector.filters.map((f) => filterJson(f, hook)),
    return_filters: selector.return_filters.map((f) => filterJson(f, hook)),
    actions: selector.actions.map(actionJson),
    return_actions: selector.return_actions.map(actionJson),
  });
}

function hookJson(hook: PlanHook): Json {
  const { kind, args, selectors, tags, return_arg, return_action, line, column, ...rest } = hook;
  return {
    kind,
    ...compact(rest),
    ...compact({
      tags: parsed(tags),
      args: args.map(argJson),
      return_arg: return_arg ? argJson(return_arg, 255) : null,
      return_action: return_action === "none" ? "" : return_action,
      selectors: selectors.map((s) => selectorJson(s, hook)),
    }),
    at: { line, column },
  };
}

/** A plan as JSON for people and scripts: references followed, empty fields left out, numbers with their sign. */
export function planJson(plan: Plan): Json {
  const { workload, ...policy } = plan.policy;
  return {
    plan_version: PLAN_VERSION,
    policy: compact({ ...policy, workload: parsed(workload) }),
    hooks: plan.hooks.map(hookJson),
  };
}
