import { intBounds } from "./arg-type.ts";
import { RETURN_POSITION } from "./layout.ts";
import type { PlanArg, PlanFilter, PlanHook, PlanValue } from "./plan.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;

/** Bytes as text when they are printable UTF-8, else undefined. */
export function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes);
    return UNPRINTABLE.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Bytes for people: their text, or `hex:` and the digits. */
export function bytesText(bytes: Uint8Array): string {
  return printable(bytes) ?? `hex:${bytes.toHex()}`;
}

/** The argument at a filter's position; undefined when there is none. */
export function argAt(hook: Pick<PlanHook, "args" | "return_arg">, position: number): PlanArg | undefined {
  return position === RETURN_POSITION ? (hook.return_arg ?? undefined) : hook.args[position];
}

/** A number with the sign that the argument's type gives it. */
export function signedBy(value: bigint, arg: PlanArg | undefined): bigint {
  return intBounds(arg?.type ?? "uint64").signed ? BigInt.asIntN(64, value) : value;
}

function ipv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  const text = words.join(":");
  // The longest run of zeros, when it is longer than one, becomes "::".
  const run = [...text.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)].toSorted((a, b) => b[0].length - a[0].length)[0];
  if (run === undefined) return text;
  const after = run.index + run[0].length;
  return `${text.slice(0, run.index).replace(/:$/, "")}::${text.slice(after).replace(/^:/, "")}`;
}

/** "10.0.0.0/8"; the length is left out for a single address. */
export function networkText({ a, text }: PlanValue): string {
  const bits = BigInt(text.length * 8);
  const address = text.length === 4 ? text.join(".") : text.length === 16 ? ipv6(text) : `hex:${text.toHex()}`;
  return a === bits ? address : `${address}/${a}`;
}

/** "5", or "1..7"; an end that is the type's own is left open. */
export function rangeText({ a, b }: PlanValue, arg: PlanArg | undefined): string {
  const { min, max } = intBounds(arg?.type ?? "uint64");
  const [low, high] = [signedBy(a, arg), signedBy(b, arg)];
  if (low === high) return `${low}`;
  return `${low === min ? "" : low}..${high === max ? "" : high}`;
}

/** Positions in the plan are numbers of a hook's own list: "return", or the number. */
export function positionText(position: number): string {
  return position === RETURN_POSITION ? "return" : `${position}`;
}

/** True when the values of a filter are texts or paths. */
export function isTextFilter(filter: PlanFilter): boolean {
  return filter.kind.startsWith("str_") || filter.kind.startsWith("binary_");
}
