import type { Hook, Policy } from "../model.ts";
import type { CallTarget, Position } from "../model-base.ts";
import type { Filter } from "../model-filter.ts";
import { SECTIONS } from "./layout.ts";
import { lowerExpression } from "./lower-code.ts";
import { workloadText } from "./workload.ts";

/*
 * Whether a policy's plan stays within the format, known before it is made: a list of calls in a few hooks can ask for
 * more records than there is memory.
 */

/** What a reader of plans is ready to look at, records and bytes shared by several hooks counted each time. */
const MAX_UNFOLDED = 16 << 20;
const MAX_TEXT_WORK = 48 << 20;
const LOADER_HOOKS = 3;

type Counted = Exclude<keyof typeof SECTIONS, "policy" | "text">;
type Size = Record<Counted | "unfolded" | "work", number>;

const MOST: Readonly<Size> = { ...SECTIONS, unfolded: MAX_UNFOLDED, work: MAX_TEXT_WORK };
const WORDS: Readonly<Record<keyof Size, string>> = {
  hooks: "hooks",
  args: "arguments",
  selectors: "selectors",
  filters: "filters",
  values: "values",
  actions: "actions",
  code: "steps of expressions",
  unfolded: "filters and values, those of shared selectors counted for each call",
  work: "bytes of text, shared ones counted for each call",
};

export interface SizeFault {
  readonly at: Position;
  readonly message: string;
}

/** The hook that makes the policy's plan too large; undefined when it fits. */
export function sizeFault(policy: Policy): SizeFault | undefined {
  const sum = empty();
  if (policy.loader) add(sum, { hooks: LOADER_HOOKS, args: 8, selectors: 1, filters: 3, values: 3 });
  const parts = [
    ...policy.hooks.map((hook) => ({ at: hook.at, size: () => hookSize(hook) })),
    ...policy.enforcers.map(({ at, calls }) => ({ at, size: () => ({ hooks: callCount(calls) }) })),
  ];
  for (const { at, size } of parts) {
    add(sum, size());
    const over = (Object.keys(MOST) as (keyof Size)[]).find((name) => sum[name] > MOST[name]);
    if (over !== undefined)
      return { at, message: `Up to here the policy has ${sum[over]} ${WORDS[over]}, and ${MOST[over]} are allowed.` };
  }
  return undefined;
}

function empty(): Size {
  const none = { hooks: 0, args: 0, selectors: 0, filters: 0, values: 0, actions: 0, code: 0 };
  return { ...none, unfolded: 0, work: 0 };
}

function add(to: Size, more: Partial<Size>): void {
  for (const [name, count] of Object.entries(more)) to[name as keyof Size] += count;
}

function callCount(targets: readonly CallTarget[]): number {
  return targets.reduce((sum, t) => sum + ("names" in t ? t.names.length : 1), 0);
}

function hookSize(hook: Hook): Partial<Size> {
  const size = empty();
  const calls = "target" in hook ? callCount([hook.target]) : hook.kind === "uprobe" ? hook.targets.length : 1;
  size.hooks = calls;
  size.args = hook.args.length + hook.data.length + 1;
  size.selectors = hook.selectors.length;
  for (const { filters, returnFilters, actions, returnActions } of hook.selectors) {
    for (const filter of [...filters, ...returnFilters]) add(size, filterSize(filter));
    size.actions += actions.length + returnActions.length;
  }
  const { selectors, filters, values, code, actions, work } = size;
  size.unfolded = calls * (selectors + filters + values + code + actions);
  size.work = work + calls * JSON.stringify([hook.message, hook.tags, "path" in hook ? hook.path : ""]).length * 3;
  return size;
}

function filterSize(filter: Filter): Partial<Size> {
  switch (filter.kind) {
    case "cel":
      return { filters: 1, code: lowerExpression(filter.expression, (slot) => slot).length };
    case "workload": {
      const { length } = workloadText(filter.scope);
      return { filters: 1, values: 1, work: 3 * length };
    }
    case "intSet":
      return { filters: 1, values: filter.ranges.length + callCount(filter.calls) };
    case "port":
      return { filters: 1, values: filter.ranges.length };
    case "socketField":
      return { filters: 1, values: filter.ranges.reduce((sum, { min, max }) => sum + max - min + 1, 0) };
    case "address":
      return { filters: 1, values: filter.networks.length };
    case "fileType":
      return { filters: 1, values: filter.types.length };
    case "namespaceChanges":
      return { filters: 1, values: filter.namespaces.length };
    case "capabilitiesGained":
    case "capabilities":
    case "capabilityChanges":
      return { filters: 1, values: 1 };
    case "string":
    case "auto":
    case "binaries": {
      const bytes = filter.values.reduce((sum, { length }) => sum + length, 0);
      return { filters: 1, values: filter.values.length, work: bytes };
    }
    case "intCompare":
    case "pids":
    case "namespace":
      return { filters: 1, values: filter.values.length };
  }
}
