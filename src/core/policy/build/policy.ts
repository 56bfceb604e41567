import type { Hook, Placeholder, Policy } from "../model.ts";
import { Problems } from "../problems.ts";
import type { Place } from "../read/place.ts";
import type { Source } from "../read/source.ts";
import type { PolicyDocument, PolicySpec } from "../schema/policy.ts";
import { Context } from "./context.ts";
import { buildEnforcers, checkNotified } from "./enforcers.ts";
import { buildFunctionHook } from "./function-hook.ts";
import { buildLsmHook, buildTracepoint } from "./kernel-hooks.ts";
import { buildLists } from "./lists.ts";
import { checkMacros } from "./macros.ts";
import { mergeHooks } from "./merge.ts";
import { buildOptions } from "./options.ts";
import { salvage } from "./salvage.ts";
import { buildScope } from "./scope.ts";
import { buildUprobe, buildUsdt } from "./user-hooks.ts";

/**
 * The meaning stage: reads what the schema let through into the model, and finds what can't work on any host. Of hooks with a schema
 * problem inside the rest is looked at.
 */
export function buildPolicy(
  document: Partial<PolicyDocument>,
  source: Source,
  problems: Problems,
  variables: ReadonlyMap<string, string>,
): Policy | undefined {
  const { metadata, spec, kind, apiVersion } = document;
  if (spec === undefined) return undefined;
  const ctx = new Context({
    problems,
    source,
    lists: buildLists(spec.lists ?? [], source, problems),
    macros: new Map(Object.entries(spec.selectorsMacros ?? {})),
    hasEnforcers: (spec.enforcers ?? []).length > 0 || source.isBroken(spec.enforcers ?? spec),
    variables,
  });
  checkMacros(ctx);
  const options = buildOptions(spec.options ?? [], ctx);
  const enforcers = buildEnforcers(spec.enforcers ?? [], options, ctx);
  const hooks = joinHooks(buildHooks(spec, ctx, problems), problems);
  const scope = buildScope(spec, ctx);
  // A hook that was left out may have been the one that notifies.
  if (problems.errors === 0) checkNotified(spec.enforcers ?? [], hooks, ctx);
  if (hooks.length === 0 && spec.loader !== true && problems.errors === 0)
    ctx.warn("policy.no-hooks", document, "spec", "The policy hooks nothing, so it does nothing.");
  if (metadata === undefined || kind === undefined || apiVersion === undefined) return undefined;
  const namespace = readNamespace(metadata, kind, ctx);
  return {
    apiVersion,
    kind,
    name: metadata.name,
    ...(namespace === undefined ? {} : { namespace }),
    at: ctx.at(document),
    hooks,
    enforcers,
    loader: spec.loader ?? false,
    options,
    scope,
    listed: ctx.lists.places,
    placeholders: uniquePlaceholders(ctx.placeholders),
  };
}

/** Every hook with its place in the text. */
function buildHooks(spec: PolicySpec, ctx: Context, problems: Problems): ReadonlyMap<Hook, Place> {
  const places = new Map<Hook, Place>();
  const add = <T extends object>(specs: readonly T[] | undefined, build: (spec: T, ctx: Context) => Hook): void => {
    for (const hook of specs ?? [])
      if (ctx.source.isBroken(hook)) tellRest(hook, build, ctx, problems);
      else places.set(build(hook, ctx), ctx.source.at(hook));
  };
  add(spec.kprobes, (hook, to) => buildFunctionHook(hook, "kprobe", to));
  add(spec.fentries, (hook, to) => buildFunctionHook(hook, "fentry", to));
  add(spec.tracepoints, buildTracepoint);
  add(spec.uprobes, buildUprobe);
  add(spec.usdts, buildUsdt);
  add(spec.lsmhooks, buildLsmHook);
  return places;
}

/** Tells what else is wrong with a hook of which something does not fit the schema; it is not loaded anyway. */
function tellRest<T extends object>(
  hook: T,
  build: (spec: T, ctx: Context) => Hook,
  ctx: Context,
  problems: Problems,
): void {
  const rest = salvage(hook, ctx.source);
  if (rest === undefined) return;
  const found = new Problems();
  build(hook, ctx.telling(found));
  problems.addErrors(found, rest.isOwn);
}

function joinHooks(places: ReadonlyMap<Hook, Place>, problems: Problems): readonly Hook[] {
  const joined = mergeHooks([...places.keys()]);
  for (const { hook, first, isMerged, point } of joined.repeats) {
    const place = places.get(hook) ?? { ...hook.at, path: "/spec" };
    const above = `${point} is hooked on line ${first.at.line} already`;
    if (isMerged) problems.warn("S2", "hooks.merged", place, `${above}; the selectors are joined.`);
    else
      problems.warn(
        "S2",
        "hooks.same-point",
        place,
        `${above}, in another way; a call that fits both is reported twice.`,
      );
  }
  return joined.hooks;
}

function readNamespace(metadata: PolicyDocument["metadata"], kind: Policy["kind"], ctx: Context): string | undefined {
  const { namespace } = metadata;
  if (kind === "TracingPolicy") {
    if (namespace !== undefined)
      ctx.warn(
        "policy.namespace",
        metadata,
        "namespace",
        "A TracingPolicy is for all namespaces; this one is ignored.",
        "Use the kind TracingPolicyNamespaced to limit it to one.",
      );
    return undefined;
  }
  if (namespace === undefined)
    ctx.warn("policy.namespace", metadata, undefined, "No namespace is named, so the policy is for 'default'.");
  return namespace ?? "default";
}

/** A macro used twice names its placeholders twice. */
function uniquePlaceholders(all: readonly Placeholder[]): readonly Placeholder[] {
  const byPlace = new Map(all.map((p) => [`${p.name} ${p.at.line}:${p.at.column}`, p]));
  return [...byPlace.values()];
}
