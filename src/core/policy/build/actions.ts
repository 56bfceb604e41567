import type { Action, PostAction } from "../model-action.ts";
import { quoted, suggest } from "../problems.ts";
import type { ActionSelector } from "../schema/selector.ts";
import { MAX_RATE_LIMIT_MS, parseRateLimit } from "../value/rate-limit.ts";
import { checkActionFields } from "./action-fields.ts";
import { checkActionFits } from "./action-fits.ts";
import type { Context } from "./context.ts";
import type { HookView } from "./hook-view.ts";
import { buildOverride, buildSet, readSocketSlot } from "./action-targets.ts";

const MAX_SIGNAL = 64;
const SCOPES = ["thread", "process", "global"] as const;

/** One entry of matchActions or matchReturnActions; undefined after a problem that leaves nothing of it. */
export function buildAction(
  spec: ActionSelector,
  when: "entry" | "return",
  view: HookView,
  ctx: Context,
): Action | undefined {
  checkActionFits(spec, when, view, ctx);
  checkActionFields(spec, view, ctx);
  const rateLimit = readRateLimit(spec, ctx);
  const at = ctx.at(spec);
  switch (spec.action) {
    case "Post":
      return buildPost(spec, rateLimit, ctx);
    case "NoPost":
      return { kind: "noPost", at };
    case "Sigkill":
      return { kind: "sigkill", at };
    case "Signal":
      return { kind: "signal", at, signal: readSignal(spec, ctx) };
    case "Override":
      return buildOverride(spec, view, ctx);
    case "NotifyEnforcer":
      return buildNotify(spec, view, ctx);
    case "CleanupEnforcerNotification":
      return { kind: "cleanupEnforcerNotification", at };
    case "GetUrl":
      return { kind: "getUrl", at, url: readNeeded(spec, "argUrl", ctx) };
    case "DnsLookup":
      return { kind: "dnsLookup", at, name: readNeeded(spec, "argFqdn", ctx) };
    case "TrackSock":
    case "UntrackSock": {
      const slot = readSocketSlot(spec, when, view, ctx);
      return { kind: spec.action === "TrackSock" ? "trackSock" : "untrackSock", at, slot };
    }
    case "Set":
      return buildSet(spec, view, ctx);
  }
}

function buildPost(spec: ActionSelector, rateLimit: PostAction["rateLimit"], ctx: Context): PostAction {
  return {
    kind: "post",
    at: ctx.at(spec),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    kernelStackTrace: spec.kernelStackTrace ?? false,
    userStackTrace: spec.userStackTrace ?? false,
    imaHash: spec.imaHash ?? false,
  };
}

function readRateLimit(spec: ActionSelector, ctx: Context): PostAction["rateLimit"] {
  const { rateLimit = "", rateLimitScope = "" } = spec;
  const scope = rateLimitScope === "" ? "thread" : SCOPES.find((name) => name === rateLimitScope);
  if (scope === undefined)
    ctx.error(
      "action.rate-limit-scope",
      spec,
      "rateLimitScope",
      `There is no scope ${quoted(rateLimitScope)}.`,
      suggest(rateLimitScope, SCOPES),
    );
  if (rateLimit === "") {
    if (rateLimitScope !== "")
      ctx.warn("action.rate-limit-scope", spec, "rateLimitScope", "rateLimitScope does nothing without rateLimit.");
    return undefined;
  }
  if (spec.action !== "Post") {
    const message = `Only Post can be limited, not ${spec.action}.`;
    ctx.error("action.rate-limit", spec, "rateLimit", message, "Give the limit to a Post of the same selector.");
    return undefined;
  }
  const intervalMs = parseRateLimit(rateLimit);
  if (intervalMs === undefined)
    ctx.error("action.rate-limit", spec, "rateLimit", `${quoted(rateLimit)} is no interval.`, "Write 5, 5s, 5m or 1h.");
  else if (intervalMs === 0) ctx.warn("action.rate-limit", spec, "rateLimit", `${quoted(rateLimit)} limits nothing.`);
  else if (intervalMs === MAX_RATE_LIMIT_MS)
    ctx.warn("action.rate-limit", spec, "rateLimit", `${quoted(rateLimit)} is cut to 49 days, the longest interval.`);
  return intervalMs === undefined || intervalMs === 0 || scope === undefined ? undefined : { intervalMs, scope };
}

function readSignal(spec: ActionSelector, ctx: Context): number {
  const { argSig = 0 } = spec;
  if (argSig > MAX_SIGNAL)
    ctx.error("action.signal", spec, "argSig", `There is no signal ${argSig}; they go from 1 to ${MAX_SIGNAL}.`);
  if (argSig === 0 && spec.action === "Signal")
    ctx.error("action.signal", spec, "argSig", "Signal needs argSig, a number from 1 on.", "Use Sigkill to kill.");
  return argSig;
}

function readNeeded(spec: ActionSelector, field: "argUrl" | "argFqdn", ctx: Context): string {
  const text = spec[field] ?? "";
  if (text === "") ctx.error("action.missing-field", spec, field, `${spec.action} needs ${field}.`);
  return text;
}

function buildNotify(spec: ActionSelector, view: HookView, ctx: Context): Action {
  const signal = readSignal(spec, ctx);
  const { argError = 0 } = spec;
  if (signal === 0 && argError === 0)
    ctx.warn("action.notify", spec, "action", "NotifyEnforcer with neither argError nor argSig stops nothing.");
  const syscallSlot = view.isSyscallEntry ? view.args.findIndex((arg) => arg.index === 4) : -1;
  return {
    kind: "notifyEnforcer",
    at: ctx.at(spec),
    argError,
    signal,
    ...(syscallSlot < 0 ? {} : { syscallSlot }),
  };
}
