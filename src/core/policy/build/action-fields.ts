import type { ActionSelector } from "../schema/selector.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS, textFault } from "./engine-text.ts";
import type { HookView } from "./hook-view.ts";

type ActionName = ActionSelector["action"];

/** Fields that say something to some action; those of Post have rules of their own. */
const FIELDS = [
  "argUrl",
  "argFqdn",
  "argError",
  "argSig",
  "argSock",
  "argIndex",
  "argValue",
  "argRegs",
  "argNewSymbol",
  "argNewAddr",
  "argNewOffset",
] as const;
type Field = (typeof FIELDS)[number];

const USED: Readonly<Partial<Record<ActionName, readonly Field[]>>> = {
  Signal: ["argSig"],
  Override: ["argError", "argRegs", "argNewSymbol", "argNewAddr", "argNewOffset"],
  NotifyEnforcer: ["argError", "argSig"],
  GetUrl: ["argUrl"],
  DnsLookup: ["argFqdn"],
  TrackSock: ["argSock"],
  UntrackSock: ["argSock"],
  Set: ["argIndex", "argValue"],
};

/** Checks an action's numbers and texts, and tells fields that do nothing for it. */
export function checkActionFields(spec: ActionSelector, view: HookView, ctx: Context): void {
  const { action, argError = 0 } = spec;
  const used = USED[action] ?? [];
  for (const field of FIELDS)
    if (spec[field] !== undefined && !used.includes(field))
      ctx.warn("action.unused-field", spec, field, `${field} does nothing for ${action}.`);
  if (Math.abs(argError) > ENGINE_LIMITS.error)
    ctx.error(
      "action.error",
      spec,
      "argError",
      `${argError} is no error: they go from -1 to -${ENGINE_LIMITS.error}.`,
      "Write -1 for EPERM, -13 for EACCES.",
    );
  else if (argError > 0)
    ctx.warn("action.error", spec, "argError", `argError ${argError} is taken as -${argError}.`, `Write -${argError}.`);
  for (const field of ["argUrl", "argFqdn"] as const) checkTarget(spec, field, ctx);
  checkRegisters(spec, ctx);
  tellOffered(spec, view, ctx);
}

function checkTarget(spec: ActionSelector, field: "argUrl" | "argFqdn", ctx: Context): void {
  const fault = textFault(spec[field] ?? "", ENGINE_LIMITS.target, "symbol");
  if (fault !== undefined) ctx.error("action.target", spec, field, `${field} ${fault}.`);
}

/** The engine gets registers and the place to go on at as one text. */
function checkRegisters(spec: ActionSelector, ctx: Context): void {
  const { argRegs = [], argNewSymbol } = spec;
  const registers = textFault(argRegs.join(" "), ENGINE_LIMITS.target - 256, "line");
  if (registers !== undefined) ctx.error("action.target", spec, "argRegs", `argRegs ${registers}.`);
  const symbol = textFault(argNewSymbol ?? "", ENGINE_LIMITS.name, "line");
  if (symbol !== undefined) ctx.error("action.target", spec, "argNewSymbol", `argNewSymbol ${symbol}.`);
}

/** What is part of the format, and not done on any host. */
function tellOffered(spec: ActionSelector, view: HookView, ctx: Context): void {
  const { action } = spec;
  const refused = "the hook is rejected where the policy is loaded";
  const why =
    action === "GetUrl" || action === "DnsLookup"
      ? `${action} is told in the event, and not carried out: a node speaks to nobody but its Console.`
      : action === "Set"
        ? `The memory of processes is not written to, so ${refused}.`
        : action === "Override" && view.kind === "uprobe"
          ? `Functions of programs can't be overridden and registers not be set, so ${refused}.`
          : undefined;
  if (why !== undefined) ctx.warn("action.not-offered", spec, "action", why);
}
