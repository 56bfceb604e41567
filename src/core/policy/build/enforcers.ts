import type { Enforcer, Hook, PolicyOptions } from "../model.ts";
import type { CallTarget } from "../model-base.ts";
import { quoted } from "../problems.ts";
import type { PolicySpec } from "../schema/policy.ts";
import { parseSyscall } from "./call-name.ts";
import { lookUpList } from "./calls.ts";
import type { Context } from "./context.ts";

type EnforcerSpec = NonNullable<PolicySpec["enforcers"]>[number];

/** Reads spec.enforcers. */
export function buildEnforcers(
  specs: readonly EnforcerSpec[],
  options: PolicyOptions,
  ctx: Context,
): readonly Enforcer[] {
  const second = specs[1];
  if (second !== undefined)
    ctx.error("enforcers.too-many", second, undefined, "A policy has at most one enforcer.", "Put all calls into one.");
  return specs
    .filter((spec) => isReadable(spec, ctx))
    .map((spec) => {
      if (spec.calls.length === 0) ctx.warn("enforcers.empty", spec, "calls", "The enforcer has no calls to stop.");
      return {
        at: ctx.at(spec),
        calls: spec.calls.flatMap((call, index) => buildCall(call, index, spec, options, ctx)),
      };
    });
}

/** With a word too many nothing is loaded, and the calls are looked at. */
function isReadable(spec: EnforcerSpec, { source }: Context): boolean {
  return !source.isBroken(spec) || !(source.isDamaged(spec) || source.isDamaged(spec.calls));
}

/** An enforcer acts on marks only NotifyEnforcer makes. */
export function checkNotified(specs: readonly EnforcerSpec[], hooks: readonly Hook[], ctx: Context): void {
  const [spec] = specs;
  const isNotified = hooks.some(({ selectors }) =>
    selectors.some((s) => [...s.actions, ...s.returnActions].some((a) => a.kind === "notifyEnforcer")),
  );
  if (spec !== undefined && !isNotified)
    ctx.warn(
      "enforcers.unused",
      spec,
      undefined,
      "Nothing is stopped by the enforcer: no selector notifies it.",
      "Add the action NotifyEnforcer to a selector.",
    );
}

/** A list of names may mix syscalls and functions; each part is a target of its own. */
function buildCall(
  call: string,
  index: number,
  spec: EnforcerSpec,
  options: PolicyOptions,
  ctx: Context,
): readonly CallTarget[] {
  const list = call.startsWith("list:") ? lookUpList(call.slice(5), spec.calls, index, ctx) : undefined;
  if (list !== undefined && list.kind !== "functions") {
    if (list.kind === "generatedFtrace") refuse(call, call, index, spec, ctx);
    return [list];
  }
  const names = list === undefined ? [call] : list.names;
  const syscalls = names.flatMap((name) => parseSyscall(name) ?? []);
  const security = names.filter((name) => name.startsWith("security_"));
  const wrong = names.find((name) => parseSyscall(name) === undefined && !name.startsWith("security_"));
  if (wrong !== undefined) refuse(wrong, call, index, spec, ctx);
  if (security.length > 0 && options.overrideMethod === "overrideReturn")
    ctx.error(
      "enforcers.override-method",
      spec.calls,
      index,
      `${quoted(call)} can't be stopped by the method override-return.`,
      "Leave the option override-method out, or set it to fmod-ret.",
    );
  return [
    ...(syscalls.length > 0 ? [{ kind: "syscalls", names: syscalls } as const] : []),
    ...(security.length > 0 ? [{ kind: "functions", names: security } as const] : []),
  ];
}

function refuse(name: string, call: string, index: number, spec: EnforcerSpec, ctx: Context): void {
  const within = name === call ? "" : ` in ${quoted(call)}`;
  const message = `${quoted(name)}${within} can't be enforced: an enforcer stops syscalls and functions named security_*.`;
  ctx.error("enforcers.call", spec.calls, index, message);
}
