/** Reading values out of untrusted JSON: what is missing or of the wrong type is undefined, what is too long is cut. */
export type Json = Readonly<Record<string, unknown>>;

const NONE: Json = Object.freeze(Object.create(null) as Json);

/** An object member; an empty object when there is none. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : NONE;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Cuts a text to `max` UTF-16 units and repairs half characters. */
export function clip(text: string, max: number): string {
  return text.length <= max && text.isWellFormed() ? text : text.slice(0, max).toWellFormed();
}

export function textOf(value: unknown, max: number): string | undefined {
  return typeof value === "string" ? clip(value, max) : undefined;
}

/** A whole number, written as one or as a decimal string (64-bit values); undefined outside the safe range. */
export function integerOf(value: unknown): number | undefined {
  const n = typeof value === "string" && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  return typeof n === "number" && Number.isSafeInteger(n) ? n : undefined;
}

/** A whole number of at least 0 and at most `max`. */
export function countOf(value: unknown, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const n = integerOf(value);
  return n !== undefined && n >= 0 && n <= max ? n : undefined;
}

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
/** The second that was asked for last, and what it is: lines come in order, most in the second of the one before. */
let lastSecond = "";
let lastSecondMs = Number.NaN;

function secondMs(second: string): number {
  if (second !== lastSecond) {
    lastSecondMs = SECONDS.test(second) ? Date.parse(`${second}Z`) : Number.NaN;
    lastSecond = second;
  }
  return lastSecondMs;
}

/** Microseconds since 1970 of an RFC 3339 time in UTC with up to nine decimals; undefined when it is not one. */
export function microsOf(value: unknown): number | undefined {
  if (typeof value !== "string" || value.length > 40 || !value.endsWith("Z")) return undefined;
  const ms = secondMs(value.slice(0, 19));
  const fraction = value[19] === "." ? value.slice(20, -1) : "";
  if (!Number.isFinite(ms) || ms < 0 || (fraction !== "" && !/^\d{1,9}$/.test(fraction))) return undefined;
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

/** Members that have a value; the event schema knows absent fields, not undefined ones. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const out: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) out[key] = fields[key];
  return out as { [K in keyof T]: Exclude<T[K], undefined> };
}
