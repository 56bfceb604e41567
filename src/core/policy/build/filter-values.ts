import { intShape, valueClass, type ArgType } from "../arg-types.ts";
import type { IntRange } from "../model-filter.ts";
import { quoted, suggest } from "../problems.ts";
import type { ArgSelector } from "../schema/selector.ts";
import { CAPABILITY_NAMES, capabilityNumber } from "../value/capability.ts";
import { limitsOf, parseInteger, parseRange } from "../value/integer.ts";
import type { Context } from "./context.ts";

/** Values of one integer filter: the anchor's slots, kept so that a policy means the same everywhere. */
const MAX_VALUES = 4;

export interface FilterValue {
  readonly text: string;
  readonly index: number;
}

/** A filter's values; `${NAME}` is replaced where it is known, and left out and noted where it isn't. */
export function filledValues(spec: ArgSelector, ctx: Context): readonly FilterValue[] {
  const values = spec.values ?? [];
  return values.flatMap((written, index) => {
    const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written)?.[1];
    if (name === undefined) return [{ text: written, index }];
    const given = ctx.variables.get(name);
    if (given !== undefined) return [{ text: given, index }];
    ctx.placeholders.push({ name, at: ctx.at(values, index) });
    ctx.warn(
      "filter.placeholder",
      values,
      index,
      `${quoted(written)} is a placeholder; the policy can be loaded only when it has a value.`,
    );
    return [];
  });
}

/** A filter without values is odd; more than four integers need another operator. */
export function countValues(spec: ArgSelector, isLimited: boolean, ctx: Context): void {
  const count = spec.values?.length ?? 0;
  if (count === 0)
    ctx.warn(
      "filter.no-values",
      spec,
      "values",
      `${spec.operator} without values ${spec.operator.startsWith("Not") ? "always" : "never"} matches.`,
    );
  if (isLimited && count > MAX_VALUES)
    ctx.error(
      "filter.too-many-values",
      spec.values ?? spec,
      MAX_VALUES,
      `${spec.operator} takes at most ${MAX_VALUES} values here; these are ${count}.`,
      spec.operator === "Equal" || spec.operator === "NotEqual"
        ? `Use ${spec.operator === "Equal" ? "InMap" : "NotInMap"}, which takes any number.`
        : "Write a selector for each four.",
    );
}

/** One integer for an argument of this type; undefined after a problem. */
export function readInt(value: FilterValue, type: ArgType, spec: ArgSelector, ctx: Context): bigint | undefined {
  const parsed = parseNamed(value.text, type) ?? parseInteger(value.text);
  if (parsed !== undefined) return inLimits({ min: parsed, max: parsed }, value, type, spec, ctx)?.min;
  refuse(value, type, spec, ctx);
  return undefined;
}

/** One integer or `min:max`, as far as the type goes; undefined after a problem, and where no value of the type is in it. */
export function readRange(
  value: FilterValue,
  type: ArgType,
  spec: ArgSelector,
  zeros: "octal" | "decimal",
  ctx: Context,
): IntRange | undefined {
  const named = parseNamed(value.text, type);
  const range = named === undefined ? parseRange(value.text, zeros) : { min: named, max: named };
  if (range === undefined) refuse(value, type, spec, ctx);
  else if (valueClass(type) === "int") return cutToLimits(range, value, type, spec, ctx);
  else return inLimits(range, value, type, spec, ctx);
  return undefined;
}

/** Ranges of user ids up to 4294967295 are written for an `int` everywhere: no value is beyond the type, so what is there does no harm. */
function cutToLimits(
  range: IntRange,
  value: FilterValue,
  type: ArgType,
  spec: ArgSelector,
  ctx: Context,
): IntRange | undefined {
  const limits = intLimits(type);
  const min = range.min < limits.min ? limits.min : range.min;
  const max = range.max > limits.max ? limits.max : range.max;
  if (min === range.min && max === range.max) return range;
  ctx.warn(
    "filter.cut",
    spec.values ?? spec,
    value.index,
    `${quoted(value.text)} doesn't fit the type '${type}', which goes from ${limits.min} to ${limits.max}; ${
      min > max ? "it stands for no value" : min === max ? `${min} is left of it` : `${min}:${max} is left of it`
    }.`,
    limits.min < 0n && range.max > limits.max
      ? "What is above it is negative in this type; an unsigned type goes further."
      : undefined,
  );
  return min > max ? undefined : { min, max };
}

/** Smallest and largest value an argument of this type can have. */
export function intLimits(type: ArgType): IntRange {
  const shape = intShape(type);
  if (shape !== undefined) return limitsOf(shape);
  if (valueClass(type) === "capabilities") return limitsOf({ bits: 64, signed: false });
  return { min: -(1n << 63n), max: (1n << 64n) - 1n };
}

function inLimits(
  range: IntRange,
  value: FilterValue,
  type: ArgType,
  spec: ArgSelector,
  ctx: Context,
): IntRange | undefined {
  const { min, max } = intLimits(type);
  // Where the type is open the order of the numbers is, too: no range reaches from one half into the other.
  const isMixed = range.min < 0n && range.max >= 1n << 63n;
  if (range.min >= min && range.max <= max && !isMixed) return range;
  ctx.error(
    "filter.out-of-range",
    spec.values ?? spec,
    value.index,
    `${quoted(value.text)} doesn't fit the type '${type}', which goes from ${min} to ${max}.`,
    isMixed ? "Write two ranges, one below 0 and one above, or give the argument a type." : undefined,
  );
  return undefined;
}

/** Capabilities by name: one as its number, a set as its bits. */
function parseNamed(text: string, type: ArgType): bigint | undefined {
  const numbers = text.length > 2048 ? [] : text.split(",").map(capabilityNumber);
  const known = numbers.filter((n) => n !== undefined);
  if (known.length === 0 || known.length !== numbers.length) return undefined;
  if (type === "capability") return known.length === 1 ? BigInt(known[0]!) : undefined;
  if (valueClass(type) !== "capabilities") return undefined;
  return known.reduce((mask, n) => mask | (1n << BigInt(n)), 0n);
}

function refuse(value: FilterValue, type: ArgType, spec: ArgSelector, ctx: Context): void {
  const { text, index } = value;
  const takesRange = spec.operator.includes("Range") || spec.operator.includes("Map");
  const takesNames = type === "capability" || valueClass(type) === "capabilities";
  const hint =
    /^-?\w+:-?\w+$/.test(text) && takesRange
      ? "A range is written smallest:largest."
      : takesNames && /^CAP_/i.test(text)
        ? suggest(text, CAPABILITY_NAMES)
        : takesRange
          ? "Write 5, 0x1f or a range like 1:9."
          : "Write a number like 5 or 0x1f.";
  ctx.error("filter.value", spec.values ?? spec, index, `${quoted(text)} is no value of the type '${type}'.`, hint);
}
