import { valueClass } from "../arg-types.ts";
import { compileCel } from "../cel/compile.ts";
import { CelFault } from "../cel/fault.ts";
import type { ArgFilter, ArgRef, CapabilitiesGainedFilter, CelFilter } from "../model-filter.ts";
import { quoted, suggest } from "../problems.ts";
import type { ArgSelector } from "../schema/selector.ts";
import { CAPABILITY_NAMES, capabilityNumber } from "../value/capability.ts";
import type { Context } from "./context.ts";
import { resolveArgs } from "./filter-args.ts";
import type { HookView } from "./hook-view.ts";
import { buildCompare, buildEqual, buildSet } from "./int-filter.ts";
import { OPERATIONS } from "./operators.ts";
import { buildAddress, buildPort, buildPrivilegedPort, buildSocketField } from "./socket-filter.ts";
import { buildFileType, buildText } from "./text-filter.ts";
import { refuseType } from "./type-mismatch.ts";

/** One entry of matchArgs, matchData or matchReturnArgs; undefined after a problem. */
export function buildArgFilter(
  spec: ArgSelector,
  from: ArgRef["from"],
  view: HookView,
  ctx: Context,
): ArgFilter | undefined {
  const operation = OPERATIONS[spec.operator];
  if (operation.kind === "cel") return buildCel(spec, from, view, ctx);
  const refs = resolveArgs(spec, from, view, ctx);
  if (refs === undefined) return undefined;
  const [arg, ...more] = refs;
  if (operation.kind === "capabilitiesGained") return buildCapabilitiesGained(spec, arg, more, ctx);
  if (more.length > 0)
    ctx.warn("filter.unused-args", spec, "args", `${spec.operator} looks at one value; only the first is used.`);
  switch (operation.kind) {
    case "equal":
      return buildEqual(spec, arg, operation.negate, ctx);
    case "text": {
      const { op, ignoreCase, negate } = operation;
      return buildText(spec, arg, { op, ignoreCase, negate }, ctx);
    }
    case "compare":
      return buildCompare(spec, arg, operation.op, ctx);
    case "map":
    case "range":
      return buildSet(spec, arg, operation.kind, operation.negate, ctx);
    case "port":
      return buildPort(spec, arg, { side: operation.side, negate: operation.negate }, ctx);
    case "privilegedPort":
      return buildPrivilegedPort(spec, arg, { side: operation.side, negate: operation.negate }, ctx);
    case "address":
      return buildAddress(spec, arg, { side: operation.side, negate: operation.negate }, ctx);
    case "socketField":
      return buildSocketField(spec, arg, operation.field, ctx);
    case "fileType":
      return buildFileType(spec, arg, operation.negate, ctx);
  }
}

function buildCapabilitiesGained(
  spec: ArgSelector,
  arg: ArgRef,
  more: readonly ArgRef[],
  ctx: Context,
): CapabilitiesGainedFilter | undefined {
  const [oldArg] = more;
  if (oldArg === undefined || more.length !== 1) {
    ctx.error(
      "filter.capabilities-gained",
      spec,
      spec.args === undefined ? "operator" : "args",
      "CapabilitiesGained compares two values: the new set and the old one.",
      "Write 'args: [NEW, OLD]' with their places in args.",
    );
    return undefined;
  }
  for (const ref of [arg, oldArg])
    if (valueClass(ref.type) !== "capabilities") return refuseType(spec, ref, "sets of capabilities", ctx);
  const bits = (spec.values ?? []).map((name, index) => {
    const number = capabilityNumber(name);
    if (number === undefined) {
      const hint = suggest(name, CAPABILITY_NAMES);
      ctx.error("filter.value", spec.values ?? spec, index, `${quoted(name)} is no capability.`, hint);
    }
    return 1n << BigInt(number ?? 0);
  });
  return {
    kind: "capabilitiesGained",
    at: ctx.at(spec),
    operator: spec.operator,
    arg,
    oldArg,
    ...(bits.length === 0 ? {} : { mask: bits.reduce((mask, bit) => mask | bit, 0n) }),
  };
}

function buildCel(spec: ArgSelector, from: ArgRef["from"], view: HookView, ctx: Context): CelFilter | undefined {
  const values = spec.values ?? [];
  const [text] = values;
  if (text === undefined || values.length !== 1) {
    ctx.error("cel.values", spec, "values", "CelExpr takes one expression.", "Join conditions with && or ||.");
    return undefined;
  }
  const args = from === "args" ? view.args : from === "data" ? view.data : view.returnArg ? [view.returnArg] : [];
  try {
    const { expression, slots } = compileCel(
      text,
      args.map((arg) => arg.type),
    );
    const refs = slots.flatMap((slot) => {
      const arg = args[slot];
      return arg === undefined ? [] : [{ from, slot, type: arg.type }];
    });
    return { kind: "cel", at: ctx.at(spec), operator: spec.operator, args: refs, expression };
  } catch (thrown) {
    if (!(thrown instanceof CelFault)) throw thrown;
    ctx.error("cel.expression", values, 0, `${thrown.message} (at character ${thrown.offset + 1} of the expression)`);
    return undefined;
  }
}
