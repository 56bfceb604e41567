import type { FentryHook, HookArg, KprobeHook } from "../model.ts";
import { quoted } from "../problems.ts";
import type { FunctionSpec } from "../schema/hook.ts";
import { buildArg, buildArgs } from "./args.ts";
import { buildTarget, isOverridable } from "./calls.ts";
import type { Context } from "./context.ts";
import type { HookView } from "./hook-view.ts";
import { buildSelectors } from "./selectors.ts";
import { buildTexts } from "./text-fields.ts";

/** One entry of kprobes or fentries. */
export function buildFunctionHook(
  spec: FunctionSpec,
  kind: "kprobe" | "fentry",
  ctx: Context,
): KprobeHook | FentryHook {
  const { target, isSyscall } = buildTarget(spec, ctx);
  const { args, data } = buildArgs(spec, kind, ctx);
  const returnArg = spec.returnArg && buildArg(spec.returnArg, "return", kind, ctx);
  const view: HookView = {
    kind,
    args,
    data,
    ...(returnArg === undefined ? {} : { returnArg }),
    canReturn: true,
    ...(isOverridable(target, isSyscall)
      ? {}
      : { noOverride: `Override works on syscalls and on functions named security_*, not on ${quoted(spec.call)}.` }),
    isSyscallEntry: false,
  };
  const selectors = buildSelectors(spec.selectors, view, ctx);
  const action = buildReturnAction(spec, returnArg, ctx);
  const usesReturn = selectors.some((s) => s.returnFilters.length > 0 || s.returnActions.length > 0);
  const hasReturn = spec.return === true || usesReturn || action !== undefined;
  if (!hasReturn && returnArg !== undefined)
    ctx.warn("return.unused", spec, "returnArg", "returnArg does nothing without 'return: true'.");
  return {
    kind,
    at: ctx.at(spec),
    ...buildTexts(spec, ctx),
    args,
    data,
    selectors,
    call: spec.call,
    target,
    isSyscall,
    hasReturn,
    ...(hasReturn && returnArg !== undefined ? { returnArg } : {}),
    ...(action === undefined ? {} : { returnArgAction: action }),
    ignoreCallNotFound: spec.ignore?.callNotFound ?? false,
  };
}

function buildReturnAction(
  spec: FunctionSpec,
  returnArg: HookArg | undefined,
  ctx: Context,
): KprobeHook["returnArgAction"] {
  const { returnArgAction = "" } = spec;
  if (returnArgAction === "") return undefined;
  const name = returnArgAction.toLowerCase();
  if (name !== "tracksock" && name !== "untracksock") {
    ctx.error(
      "return.action",
      spec,
      "returnArgAction",
      `${quoted(returnArgAction)} can't be done with a return value.`,
      name === "post"
        ? "Leave it out: 'return: true' is enough to report the value."
        : "Write TrackSock or UntrackSock, or leave it out.",
    );
    return undefined;
  }
  if (returnArg === undefined)
    ctx.error(
      "return.action",
      spec,
      "returnArgAction",
      `${returnArgAction} has nothing to work on: returnArg is missing.`,
      "Add returnArg with the type 'sock'.",
    );
  else if (returnArg.type !== "sock" && returnArg.type !== "socket")
    ctx.warn("return.action", spec, "returnArgAction", `${returnArgAction} needs a returnArg of the type 'sock'.`);
  return name === "tracksock" ? "trackSock" : "untrackSock";
}
