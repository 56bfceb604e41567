import type {
  BinaryFilter,
  CapabilityFilter,
  Filter,
  NamespaceChangeFilter,
  NamespaceFilter,
  NamespaceKind,
  PidFilter,
  WorkloadFilter,
} from "../model-filter.ts";
import { quoted, suggest } from "../problems.ts";
import type { SelectorSpec } from "../schema/selector.ts";
import { CAPABILITY_NAMES, capabilityNumber } from "../value/capability.ts";
import { parseInteger } from "../value/integer.ts";
import { bytesOf, withoutNul } from "../value/text.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS } from "./engine-text.ts";
import type { ExpandedSelector } from "./macros.ts";
import { buildScope } from "./scope.ts";

type Item<K extends keyof SelectorSpec> = NonNullable<SelectorSpec[K]> extends readonly (infer T)[] ? T : never;

const MAX_NAMESPACE_FILTERS = 10;
const MAX_NAMESPACE_VALUES = 4;
/** Other loaders of the format refuse more. */
const PORTABLE_PIDS = 4;
const MAX_BINARY_BYTES = {
  In: ENGINE_LIMITS.equal,
  Prefix: ENGINE_LIMITS.prefix,
  Postfix: ENGINE_LIMITS.postfix,
} as const;

const NAMESPACES: Readonly<Record<Item<"matchNamespaces">["namespace"], NamespaceKind>> = {
  Uts: "uts",
  Ipc: "ipc",
  Mnt: "mnt",
  Pid: "pid",
  PidForChildren: "pid_for_children",
  Net: "net",
  Time: "time",
  TimeForChildren: "time_for_children",
  Cgroup: "cgroup",
  User: "user",
};

/** The filters of a selector that look at the process, not at the call. */
export function buildProcessFilters(selector: ExpandedSelector, ctx: Context): readonly Filter[] {
  const { lists, spec, matchWorkloads } = selector;
  checkCounts(selector, ctx);
  return [
    ...lists.matchPIDs.map((s) => buildPids(s, ctx)),
    ...lists.matchBinaries.flatMap((s) => buildBinaries(s, false, ctx)),
    ...lists.matchParentBinaries.flatMap((s) => buildBinaries(s, true, ctx)),
    ...lists.matchNamespaces.map((s) => buildNamespace(s, ctx)),
    ...lists.matchNamespaceChanges.map((s) => buildNamespaceChanges(s, ctx)),
    ...lists.matchCapabilities.map((s) => buildCapabilities(s, "capabilities", ctx)),
    ...lists.matchCapabilityChanges.map((s) => buildCapabilities(s, "capabilityChanges", ctx)),
    ...(matchWorkloads === undefined ? [] : buildWorkload(matchWorkloads, spec, ctx)),
  ];
}

function buildWorkload(
  selectors: NonNullable<SelectorSpec["matchWorkloads"]>,
  spec: SelectorSpec,
  ctx: Context,
): readonly WorkloadFilter[] {
  if (Object.keys(selectors).length === 0) {
    ctx.warn("filter.no-values", spec, "matchWorkloads", "matchWorkloads names no workload and does nothing.");
    return [];
  }
  const scope = buildScope(selectors, ctx);
  return [{ kind: "workload", at: ctx.at(spec, "matchWorkloads"), operator: "matchWorkloads", scope }];
}

function checkCounts({ lists, spec }: ExpandedSelector, ctx: Context): void {
  const most = {
    matchBinaries: 1,
    matchParentBinaries: 1,
    matchNamespaces: MAX_NAMESPACE_FILTERS,
    matchNamespaceChanges: 1,
  } as const;
  for (const field of ["matchBinaries", "matchParentBinaries", "matchNamespaces", "matchNamespaceChanges"] as const) {
    const count = lists[field].length;
    if (count <= most[field]) continue;
    // Entries beyond what the schema lets through can only have come from macros.
    const rule = field === "matchBinaries" || field === "matchParentBinaries" ? "macros.conflict" : "selectors.filters";
    ctx.error(
      rule,
      spec[field] ?? spec,
      spec[field] === undefined ? "macros" : most[field],
      `${field} takes at most ${most[field]}, macros included; these are ${count}.`,
    );
  }
}

function buildPids(spec: Item<"matchPIDs">, ctx: Context): PidFilter {
  warnEmpty(spec, "matchPIDs", ctx);
  if (spec.values.length > PORTABLE_PIDS)
    ctx.warn(
      "pids.many",
      spec.values,
      PORTABLE_PIDS,
      `Other loaders take at most ${PORTABLE_PIDS} values in matchPIDs; all ${spec.values.length} count here.`,
    );
  return {
    kind: "pids",
    at: ctx.at(spec),
    operator: spec.operator,
    negate: spec.operator === "NotIn",
    values: spec.values,
    isNamespacePid: spec.isNamespacePID ?? false,
    followForks: spec.followForks ?? false,
  };
}

function buildBinaries(spec: Item<"matchBinaries">, parent: boolean, ctx: Context): readonly BinaryFilter[] {
  if (spec.values.length === 0) {
    ctx.warn("filter.no-values", spec, "values", "The filter has no values and does nothing.");
    return [];
  }
  const negate = spec.operator.startsWith("Not");
  const op = spec.operator.endsWith("In") ? "In" : spec.operator.endsWith("Prefix") ? "Prefix" : "Postfix";
  if (spec.followChildren === true && op !== "In")
    ctx.error(
      "binaries.follow-children",
      spec,
      "followChildren",
      `followChildren works with In and NotIn, not with ${spec.operator}.`,
    );
  const values = spec.values.map((path, index) => readPath(withoutNul(path), index, op, spec, ctx));
  const followChildren = spec.followChildren ?? false;
  return [{ kind: "binaries", at: ctx.at(spec), operator: spec.operator, parent, op, negate, values, followChildren }];
}

function readPath(
  path: string,
  index: number,
  op: BinaryFilter["op"],
  spec: Item<"matchBinaries">,
  ctx: Context,
): Uint8Array {
  const bytes = bytesOf(path);
  const most = MAX_BINARY_BYTES[op];
  if (bytes.length > most)
    ctx.error(
      "binaries.too-long",
      spec.values,
      index,
      `The value is ${bytes.length} bytes long, ${spec.operator} takes at most ${most}.`,
    );
  if (path === "") ctx.error("binaries.value", spec.values, index, "An empty path is no program's.");
  else if (path.includes("\0")) ctx.error("binaries.value", spec.values, index, `${quoted(path)} is no path.`);
  else if (op !== "Postfix" && !path.startsWith("/"))
    ctx.warn(
      "binaries.relative-path",
      spec.values,
      index,
      `Paths of programs begin with '/', so ${quoted(path)} never matches.`,
      "Use Postfix for the end of a path.",
    );
  return bytes;
}

/** An empty list is in nothing. */
function warnEmpty(
  spec: { readonly operator: "In" | "NotIn"; readonly values: readonly unknown[] },
  what: string,
  ctx: Context,
): void {
  if (spec.values.length > 0) return;
  const outcome = spec.operator === "In" ? "never" : "always";
  ctx.warn("filter.no-values", spec, "values", `${what} ${spec.operator} without values ${outcome} matches.`);
}

function buildNamespace(spec: Item<"matchNamespaces">, ctx: Context): NamespaceFilter {
  warnEmpty(spec, "matchNamespaces", ctx);
  if (spec.values.length > MAX_NAMESPACE_VALUES)
    ctx.error(
      "namespaces.too-many-values",
      spec.values,
      MAX_NAMESPACE_VALUES,
      `matchNamespaces takes at most ${MAX_NAMESPACE_VALUES} values; these are ${spec.values.length}.`,
    );
  const values = spec.values.map((text, index) => {
    if (text === "host_ns") return "host" as const;
    const inode = parseInteger(text, "decimal");
    if (inode !== undefined && inode >= 0n && inode <= 0xffffffffn) return Number(inode);
    const message = `${quoted(text)} is no namespace.`;
    ctx.error("namespaces.value", spec.values, index, message, "Write its inode number, or host_ns.");
    return 0;
  });
  return {
    kind: "namespace",
    at: ctx.at(spec),
    operator: spec.operator,
    namespace: NAMESPACES[spec.namespace],
    negate: spec.operator === "NotIn",
    values,
  };
}

function buildNamespaceChanges(spec: Item<"matchNamespaceChanges">, ctx: Context): NamespaceChangeFilter {
  warnEmpty(spec, "matchNamespaceChanges", ctx);
  const known = Object.entries(NAMESPACES);
  const namespaces = spec.values.flatMap((text, index) => {
    const found = known.find(([name]) => name.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return [found[1]];
    const hint = suggest(text, Object.keys(NAMESPACES));
    ctx.error("namespaces.value", spec.values, index, `${quoted(text)} is no kind of namespace.`, hint);
    return [];
  });
  return {
    kind: "namespaceChanges",
    at: ctx.at(spec),
    operator: spec.operator,
    negate: spec.operator === "NotIn",
    namespaces,
  };
}

function buildCapabilities(
  spec: Item<"matchCapabilities">,
  kind: CapabilityFilter["kind"],
  ctx: Context,
): CapabilityFilter {
  const sets = { Effective: "effective", Inheritable: "inheritable", Permitted: "permitted" } as const;
  warnEmpty(spec, kind === "capabilities" ? "matchCapabilities" : "matchCapabilityChanges", ctx);
  let mask = 0n;
  for (const [index, name] of spec.values.entries()) {
    const number = capabilityNumber(name);
    if (number !== undefined) mask |= 1n << BigInt(number);
    else {
      const hint = suggest(name, CAPABILITY_NAMES);
      ctx.error("capabilities.value", spec.values, index, `${quoted(name)} is no capability.`, hint);
    }
  }
  return {
    kind,
    at: ctx.at(spec),
    operator: spec.operator,
    set: sets[spec.type ?? "Effective"],
    negate: spec.operator === "NotIn",
    isNamespaceCapability: spec.isNamespaceCapability ?? false,
    mask,
  };
}
