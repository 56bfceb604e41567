import { intShape } from "../arg-types.ts";
import type { Action, OverrideAction } from "../model-action.ts";
import type { UprobeTarget } from "../model-base.ts";
import { quoted } from "../problems.ts";
import type { ActionSelector } from "../schema/selector.ts";
import { parseAssignment } from "../value/register.ts";
import type { Context } from "./context.ts";
import { slotOfIndex } from "./filter-args.ts";
import type { HookView } from "./hook-view.ts";

const UPROBE_FIELDS = ["argRegs", "argNewSymbol", "argNewAddr", "argNewOffset"] as const;

/** Override: another return value, other registers, or another place to go on at. */
export function buildOverride(spec: ActionSelector, view: HookView, ctx: Context): OverrideAction {
  const jump = view.kind === "uprobe" ? readJump(spec) : undefined;
  if (view.kind !== "uprobe")
    for (const field of UPROBE_FIELDS)
      if (spec[field] !== undefined)
        ctx.warn("action.unused-field", spec, field, `${field} does something only in a uprobe.`);
  const regs = (spec.argRegs ?? []).flatMap((text, index) => {
    const assignment = parseAssignment(text);
    if (assignment !== undefined) return [assignment];
    ctx.error(
      "action.register",
      spec.argRegs ?? spec,
      index,
      `${quoted(text)} sets no register.`,
      "Write 'rax=11', 'rdi=%rsi', 'rsp=8%rsp' or 'rip=(%rsp)'.",
    );
    return [];
  });
  return {
    kind: "override",
    at: ctx.at(spec),
    argError: spec.argError ?? 0,
    regs: view.kind === "uprobe" ? regs : [],
    ...(jump === undefined ? {} : { jump }),
  };
}

function readJump(spec: ActionSelector): UprobeTarget | undefined {
  const { argNewSymbol, argNewAddr, argNewOffset } = spec;
  if (argNewSymbol !== undefined) return { kind: "symbol", symbol: argNewSymbol, offset: 0n };
  if (argNewAddr !== undefined) return { kind: "address", address: argNewAddr };
  return argNewOffset === undefined ? undefined : { kind: "offset", offset: argNewOffset };
}

/** Set: the place in args, of a value of exactly 4 bytes. */
export function buildSet(spec: ActionSelector, view: HookView, ctx: Context): Action {
  const { argIndex: slot = 0, argValue: value = 0 } = spec;
  const arg = view.args[slot];
  const bits = arg === undefined ? undefined : intShape(arg.type)?.bits;
  if (view.kind === "usdt" && arg === undefined)
    ctx.error("action.set-arg", spec, "argIndex", `There is no place ${slot} in the hook's args, counted from 0.`);
  else if (arg !== undefined && arg.type !== "auto" && bits !== 32)
    ctx.error(
      "action.set-size",
      spec,
      spec.argIndex === undefined ? "action" : "argIndex",
      `Set writes 4 bytes, and the value it points to is of the type '${arg.type}'.`,
      "Set works on int32 and uint32.",
    );
  return { kind: "set", at: ctx.at(spec), slot, value };
}

/** Slot of the socket TrackSock and UntrackSock are about. */
export function readSocketSlot(spec: ActionSelector, when: "entry" | "return", view: HookView, ctx: Context): number {
  const { argSock: index = 0 } = spec;
  const byIndex = slotOfIndex(index, "args", view.args, view);
  const slot = when === "return" ? index : byIndex < 0 ? index : byIndex;
  const type = (when === "return" ? view.returnArg : view.args[slot])?.type;
  if (type === undefined && when === "entry")
    ctx.error(
      "action.sock-arg",
      spec,
      "argSock",
      `${spec.action} needs a socket: nothing in args has the index ${index}.`,
    );
  else if (type !== undefined && type !== "sock" && type !== "socket" && type !== "auto")
    ctx.error("action.sock-arg", spec, "argSock", `${spec.action} needs a socket, and this is of the type '${type}'.`);
  return slot;
}
