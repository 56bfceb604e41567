import type { IntShape } from "../arg-types.ts";
import type { IntRange } from "../model-filter.ts";

/** No integer of the format is longer, in any base. */
const MAX_DIGITS = 80;

/**
 * Reads `12`, `-12`, `0x1f`, `0o17`, `0b11`; a leading zero means octal, as in C, unless `zeros` says decimal.
 * Undefined for anything else.
 */
export function parseInteger(text: string, zeros: "octal" | "decimal" = "octal"): bigint | undefined {
  const parts = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)$/.exec(text);
  if (text.length > MAX_DIGITS || !parts) return undefined;
  let digits = parts[2]!.toLowerCase();
  if (/^0\d/.test(digits)) {
    if (zeros === "octal" && !/^[0-7]+$/.test(digits)) return undefined;
    digits = zeros === "octal" ? `0o${digits}` : digits.replace(/^0+(?=\d)/, "");
  }
  return parts[1] === "-" ? -BigInt(digits) : BigInt(digits);
}

/** Reads `min:max`, or one integer as a range of its own; undefined for anything else, also when min > max. */
export function parseRange(text: string, zeros: "octal" | "decimal" = "octal"): IntRange | undefined {
  const [low, high, more] = text.split(":", 3);
  if (low === undefined || more !== undefined) return undefined;
  const min = parseInteger(low, zeros);
  const max = high === undefined ? min : parseInteger(high, zeros);
  if (min === undefined || max === undefined || min > max) return undefined;
  return { min, max };
}

/** Smallest and largest value of a type. */
export function limitsOf(shape: IntShape): IntRange {
  const bits = BigInt(shape.bits);
  return shape.signed
    ? { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n }
    : { min: 0n, max: (1n << bits) - 1n };
}
