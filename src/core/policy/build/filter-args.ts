import type { HookArg } from "../model.ts";
import type { ArgRef } from "../model-filter.ts";
import type { ArgSelector } from "../schema/selector.ts";
import type { Context } from "./context.ts";
import type { HookView } from "./hook-view.ts";

const NAMES = { args: "the hook's args", data: "the hook's data", return: "the return value" } as const;

/**
 * The values a filter looks at: those its `args` name by slot, else the one its `index` names. Undefined after a problem.
 */
export function resolveArgs(
  spec: ArgSelector,
  from: ArgRef["from"],
  view: HookView,
  ctx: Context,
): readonly [ArgRef, ...ArgRef[]] | undefined {
  const values = valuesOf(from, view);
  const slots = spec.args ?? [];
  const refs = slots.flatMap((slot, index) => {
    const value = values[slot];
    if (value !== undefined) return [refTo(from, slot, value)];
    ctx.error(
      "filter.unknown-slot",
      slots,
      index,
      `There is no place ${slot} in ${NAMES[from]}${values.length === 0 ? "" : `; places go from 0 to ${values.length - 1}`}.`,
    );
    return [];
  });
  if (slots.length > 0) {
    const [first, ...rest] = refs;
    return first === undefined || refs.length < slots.length ? undefined : [first, ...rest];
  }
  const slot = slotOfIndex(spec.index ?? 0, from, values, view);
  const value = values[slot];
  if (value === undefined) {
    ctx.error(
      "filter.unknown-index",
      spec,
      spec.index === undefined ? undefined : "index",
      `Nothing in ${NAMES[from]} has the index ${spec.index ?? 0}.`,
      values.length === 0 ? undefined : `There is: ${values.map((v) => v.index).join(", ")}.`,
    );
    return undefined;
  }
  return [refTo(from, slot, value)];
}

/** Slot of the argument with this index; -1 when there is none. */
export function slotOfIndex(
  index: number,
  from: ArgRef["from"],
  values: readonly HookArg[],
  view: Pick<HookView, "kind">,
): number {
  if (from === "data") return index < values.length ? index : -1;
  const slot = values.findIndex((value) => value.index === index);
  const isTracepoint = view.kind === "tracepoint" || view.kind === "rawTracepoint";
  // Of a tracepoint, whose field indexes are large, filters may also name the place in args.
  return slot < 0 && isTracepoint && index < values.length ? index : slot;
}

function valuesOf(from: ArgRef["from"], view: HookView): readonly HookArg[] {
  if (from === "args") return view.args;
  if (from === "data") return view.data;
  return view.returnArg === undefined ? [] : [view.returnArg];
}

function refTo(from: ArgRef["from"], slot: number, value: HookArg): ArgRef {
  return { from, slot, type: value.type };
}
