import { valueClass } from "../arg-types.ts";
import type { CallTarget } from "../model-base.ts";
import type { ArgFilter, ArgRef, AutoFilter, IntCompareFilter, IntRange, IntSetFilter } from "../model-filter.ts";
import type { ArgSelector } from "../schema/selector.ts";
import { parseInteger } from "../value/integer.ts";
import { bytesOf } from "../value/text.ts";
import { lookUpList } from "./calls.ts";
import type { Context } from "./context.ts";
import { countValues, filledValues, intLimits, readInt, readRange } from "./filter-values.ts";
import { buildTextEqual, checkLength } from "./text-filter.ts";
import { refuseType } from "./type-mismatch.ts";

/** Equal, NotEqual. */
export function buildEqual(spec: ArgSelector, arg: ArgRef, negate: boolean, ctx: Context): ArgFilter | undefined {
  switch (valueClass(arg.type)) {
    case "text":
      return buildTextEqual(spec, arg, negate, ctx);
    case "auto":
      return buildAuto(spec, arg, negate, ctx);
    case "int":
    case "capabilities": {
      countValues(spec, true, ctx);
      const ranges = filledValues(spec, ctx).flatMap((value) => {
        const number = readInt(value, arg.type, spec, ctx);
        return number === undefined ? [] : [{ min: number, max: number }];
      });
      return intSet(spec, arg, negate, ranges, [], ctx);
    }
    case "socket":
    case "none":
      return refuseType(spec, arg, "integers and texts", ctx);
  }
}

/** GreaterThan, LessThan, Mask. */
export function buildCompare(
  spec: ArgSelector,
  arg: ArgRef,
  op: IntCompareFilter["op"],
  ctx: Context,
): IntCompareFilter | undefined {
  if (!isNumeric(arg)) return refuseType(spec, arg, "integers", ctx);
  countValues(spec, true, ctx);
  const values = filledValues(spec, ctx).flatMap((value) => {
    const number = readInt(value, arg.type, spec, ctx);
    if (number === undefined) return [];
    warnNever(number, op, value.index, spec, arg, ctx);
    return [number];
  });
  return { kind: "intCompare", at: ctx.at(spec), operator: spec.operator, arg, op, values };
}

/** No value of the type is beyond its ends, and none has a bit of 0. */
function warnNever(
  number: bigint,
  op: IntCompareFilter["op"],
  index: number,
  spec: ArgSelector,
  arg: ArgRef,
  ctx: Context,
): void {
  const { min, max } = intLimits(arg.type);
  const never = op === "Mask" ? number === 0n : op === "GT" ? number >= max : number <= min;
  if (never)
    ctx.warn(
      "filter.never",
      spec.values ?? spec,
      index,
      `${spec.operator} ${number} never matches the type '${arg.type}'.`,
    );
}

/** InMap, NotInMap, InRange, NotInRange. Ranges stay ranges. */
export function buildSet(
  spec: ArgSelector,
  arg: ArgRef,
  kind: "map" | "range",
  negate: boolean,
  ctx: Context,
): IntSetFilter | undefined {
  if (!isNumeric(arg)) return refuseType(spec, arg, "integers", ctx);
  countValues(spec, kind === "range", ctx);
  const calls: CallTarget[] = [];
  const ranges = filledValues(spec, ctx).flatMap((value) => {
    if (kind === "range" || !value.text.startsWith("list:"))
      return readRange(value, arg.type, spec, kind === "map" ? "decimal" : "octal", ctx) ?? [];
    calls.push(readSyscallList(value.text.slice(5), value.index, spec, ctx));
    return [];
  });
  return intSet(spec, arg, negate, ranges, calls, ctx);
}

function readSyscallList(name: string, index: number, spec: ArgSelector, ctx: Context): CallTarget {
  const target = lookUpList(name, spec.values ?? spec, index, ctx);
  const isSyscalls = target.kind === "syscalls" || target.kind === "generatedSyscalls";
  if (!isSyscalls && ctx.lists.targets.has(name))
    ctx.error(
      "lists.not-syscalls",
      spec.values ?? spec,
      index,
      "Only a list of type syscalls or generated_syscalls stands for numbers.",
    );
  return target;
}

function isNumeric(arg: ArgRef): boolean {
  const type = valueClass(arg.type);
  return type === "int" || type === "capabilities" || type === "auto";
}

function intSet(
  spec: ArgSelector,
  arg: ArgRef,
  negate: boolean,
  ranges: readonly IntRange[],
  calls: readonly CallTarget[],
  ctx: Context,
): IntSetFilter {
  return { kind: "intSet", at: ctx.at(spec), operator: spec.operator, arg, negate, ranges, calls };
}

/** The type comes later, so a value is kept as text, and as a number too where all are numbers. */
function buildAuto(spec: ArgSelector, arg: ArgRef, negate: boolean, ctx: Context): AutoFilter {
  const values = spec.values ?? [];
  const numbers = values.flatMap((text) => parseInteger(text) ?? []);
  const areNumbers = numbers.length === values.length;
  countValues(spec, areNumbers, ctx);
  const texts = values.map(bytesOf);
  for (const [index, text] of texts.entries()) checkLength(text, index, spec, "Equal", ctx);
  return {
    kind: "auto",
    at: ctx.at(spec),
    operator: spec.operator,
    arg,
    negate,
    values: texts,
    ...(areNumbers ? { ranges: numbers.map((n) => ({ min: n, max: n })) } : {}),
  };
}
