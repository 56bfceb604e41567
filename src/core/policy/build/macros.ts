import { quoted, suggest } from "../problems.ts";
import type { SelectorSpec } from "../schema/selector.ts";
import type { Context } from "./context.ts";
import { salvageSelector } from "./salvage.ts";

/** A selector with the filters and actions of its macros behind its own. */
export interface ExpandedSelector {
  /** The selector as written, for places. */
  readonly spec: SelectorSpec;
  readonly label: string | undefined;
  readonly lists: { readonly [K in ListField]: NonNullable<SelectorSpec[K]> };
  readonly matchWorkloads: SelectorSpec["matchWorkloads"];
}

type ListField =
  | "matchPIDs"
  | "matchArgs"
  | "matchData"
  | "matchActions"
  | "matchReturnArgs"
  | "matchReturnActions"
  | "matchBinaries"
  | "matchParentBinaries"
  | "matchNamespaces"
  | "matchNamespaceChanges"
  | "matchCapabilities"
  | "matchCapabilityChanges";

/** Looks the selector's macros up and appends what they hold. */
export function expandSelector(spec: SelectorSpec, ctx: Context): ExpandedSelector {
  const parts = [spec, ...(spec.macros ?? []).flatMap((name, index) => lookUp(name, index, spec, ctx))];
  const lists = {
    matchPIDs: parts.flatMap((p) => p.matchPIDs ?? []),
    matchArgs: parts.flatMap((p) => p.matchArgs ?? []),
    matchData: parts.flatMap((p) => p.matchData ?? []),
    matchActions: parts.flatMap((p) => p.matchActions ?? []),
    matchReturnArgs: parts.flatMap((p) => p.matchReturnArgs ?? []),
    matchReturnActions: parts.flatMap((p) => p.matchReturnActions ?? []),
    matchBinaries: parts.flatMap((p) => p.matchBinaries ?? []),
    matchParentBinaries: parts.flatMap((p) => p.matchParentBinaries ?? []),
    matchNamespaces: parts.flatMap((p) => p.matchNamespaces ?? []),
    matchNamespaceChanges: parts.flatMap((p) => p.matchNamespaceChanges ?? []),
    matchCapabilities: parts.flatMap((p) => p.matchCapabilities ?? []),
    matchCapabilityChanges: parts.flatMap((p) => p.matchCapabilityChanges ?? []),
  };
  const workloads = parts.flatMap((p) => p.matchWorkloads ?? []);
  if (workloads.length > 1)
    ctx.error("macros.conflict", spec, "macros", "matchWorkloads comes from more than one place; a selector has one.");
  return {
    spec,
    label: parts.find((p) => p.label !== undefined)?.label,
    lists,
    matchWorkloads: workloads[0],
  };
}

function lookUp(name: string, index: number, spec: SelectorSpec, ctx: Context): readonly SelectorSpec[] {
  const macro = ctx.macros.get(name);
  if (macro === undefined) {
    const hint = suggest(name, ctx.macros.keys());
    ctx.error("macros.unknown", spec.macros ?? spec, index, `No macro is named ${quoted(name)}.`, hint);
    return [];
  }
  // With a misfit inside nothing is loaded, and the rest is looked at.
  return ctx.source.isBroken(macro) && !salvageSelector(macro, ctx.source) ? [] : [macro];
}

/** Macros don't use macros. */
export function checkMacros(ctx: Context): void {
  for (const macro of ctx.macros.values())
    if ((macro.macros ?? []).length > 0)
      ctx.error("macros.nested", macro, "macros", "A macro can't use other macros.", "Write their filters out here.");
}
