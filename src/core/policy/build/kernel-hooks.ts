import type { Hook, LsmHook, RawTracepointHook, TracepointHook } from "../model.ts";
import { quoted } from "../problems.ts";
import type { LsmSpec, TracepointSpec } from "../schema/hook.ts";
import { buildArgs } from "./args.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS, nameHint } from "./engine-text.ts";
import type { HookView } from "./hook-view.ts";
import { buildSelectors } from "./selectors.ts";
import { buildTexts } from "./text-fields.ts";

/** One entry of tracepoints. */
export function buildTracepoint(spec: TracepointSpec, ctx: Context): TracepointHook | RawTracepointHook {
  const kind: Hook["kind"] = spec.raw === true ? "rawTracepoint" : "tracepoint";
  for (const field of ["subsystem", "event"] as const) {
    const name = spec[field];
    if (name === "") ctx.error("tracepoint.empty", spec, field, `The ${field} of the tracepoint is empty.`);
    else if (!isName(name))
      ctx.error("tracepoint.name", spec, field, `${quoted(name)} is no name of a tracepoint.`, nameHint(name));
  }
  const { args, data } = buildArgs(spec, kind, ctx);
  const view: HookView = {
    kind,
    args,
    data,
    canReturn: false,
    noOverride: "A tracepoint can't make the call return something else.",
    isSyscallEntry: spec.subsystem === "raw_syscalls" && spec.event === "sys_enter",
  };
  const selectors = buildSelectors(spec.selectors, view, ctx);
  const { subsystem, event } = spec;
  return { kind, at: ctx.at(spec), ...buildTexts(spec, ctx), args, data, selectors, subsystem, event };
}

/** One entry of lsmhooks. */
export function buildLsmHook(spec: LsmSpec, ctx: Context): LsmHook {
  const { hook } = spec;
  const bare = hook.replace(/^(bpf_lsm_|security_)/, "");
  if (hook === "") ctx.error("lsm.empty", spec, "hook", "The name of the LSM hook is empty.");
  else if (!isName(hook))
    ctx.error("lsm.name", spec, "hook", `${quoted(hook)} is no name of an LSM hook.`, nameHint(hook));
  else if (bare !== hook)
    ctx.warn(
      "lsm.prefix",
      spec,
      "hook",
      `${quoted(hook)} is looked for as it stands; LSM hooks are named without prefix.`,
      `Write ${bare}.`,
    );
  const { args, data } = buildArgs(spec, "lsm", ctx);
  const view: HookView = { kind: "lsm", args, data, canReturn: false, isSyscallEntry: false };
  const selectors = buildSelectors(spec.selectors, view, ctx);
  return { kind: "lsm", at: ctx.at(spec), ...buildTexts(spec, ctx), args, data, selectors, hook };
}

function isName(text: string): boolean {
  return text.length <= ENGINE_LIMITS.name && /^[A-Za-z_]\w*$/.test(text);
}
