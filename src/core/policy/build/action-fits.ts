import type { ActionSelector } from "../schema/selector.ts";
import type { Context } from "./context.ts";
import type { HookView } from "./hook-view.ts";

type ActionName = ActionSelector["action"];

const HOOK_NAMES: Readonly<Record<HookView["kind"], string>> = {
  kprobe: "a kprobe",
  fentry: "an fentry hook",
  tracepoint: "a tracepoint",
  rawTracepoint: "a raw tracepoint",
  uprobe: "a uprobe",
  usdt: "a USDT",
  lsm: "an LSM hook",
};

const CANARIES: readonly ActionName[] = ["GetUrl", "DnsLookup"];

/** Actions a hook of this kind can't take. */
const REFUSED: Readonly<Record<HookView["kind"], readonly ActionName[]>> = {
  kprobe: [],
  fentry: ["Sigkill", "Signal", "Override", "NotifyEnforcer", "CleanupEnforcerNotification"],
  tracepoint: [],
  rawTracepoint: [],
  uprobe: CANARIES,
  usdt: CANARIES,
  lsm: [...CANARIES, "TrackSock", "UntrackSock", "NotifyEnforcer", "CleanupEnforcerNotification"],
};

/** Checks an action against the hook it stands in, and its switches against the action. */
export function checkActionFits(spec: ActionSelector, when: "entry" | "return", view: HookView, ctx: Context): void {
  const { action } = spec;
  if (REFUSED[view.kind].includes(action) || (action === "Set" && view.kind !== "usdt"))
    ctx.error(
      "action.not-here",
      spec,
      "action",
      `${action} doesn't work in ${HOOK_NAMES[view.kind]}.`,
      view.kind === "fentry" ? "Use a kprobe or an LSM hook to enforce." : undefined,
    );
  else if (action === "Override" && view.noOverride !== undefined)
    ctx.error("action.override-target", spec, "action", view.noOverride);
  else if (action === "Override") checkOverride(spec, when, view, ctx);
  if ((action === "NotifyEnforcer" || action === "CleanupEnforcerNotification") && !ctx.hasEnforcers)
    ctx.error(
      "action.no-enforcer",
      spec,
      "action",
      `${action} has nobody to notify: spec.enforcers is missing.`,
      "Add spec.enforcers with the calls to stop.",
    );
  checkStackTraces(spec, view, ctx);
  if (spec.imaHash === true && (view.kind !== "lsm" || action !== "Post"))
    ctx.warn("action.ima-hash", spec, "imaHash", "imaHash does something only with Post in an LSM hook.");
}

function checkOverride(spec: ActionSelector, when: "entry" | "return", view: HookView, ctx: Context): void {
  if (when === "return")
    ctx.error(
      "return.override",
      spec,
      "action",
      "Override comes too late in matchReturnActions: the call has been run.",
      "Move it to matchActions, with filters on the arguments.",
    );
  else if ((spec.argError ?? 0) === 0 && view.kind !== "uprobe")
    ctx.warn(
      "action.override-no-error",
      spec,
      spec.argError === undefined ? "action" : "argError",
      "Override without an error makes the call return 0. To the kernel's security hooks 0 means yes, so where they serve it nothing is stopped.",
      "Write argError: -1.",
    );
}

function checkStackTraces(spec: ActionSelector, view: HookView, ctx: Context): void {
  for (const field of ["kernelStackTrace", "userStackTrace"] as const) {
    if (spec[field] !== true) continue;
    if (spec.action !== "Post") {
      const message = `${field} goes with Post, not with ${spec.action}.`;
      ctx.error("action.stack-trace", spec, field, message, "Add a Post with the stack trace to the selector.");
    } else if (view.kind === "lsm")
      ctx.error("action.stack-trace", spec, field, "An LSM hook takes no stack traces.", "Use a kprobe for them.");
  }
}
