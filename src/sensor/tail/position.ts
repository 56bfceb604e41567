import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { RuntimeEvent } from "../../core/event/event.ts";

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const { seq: _seq, ...draft } = RuntimeEvent.properties;

/**
 * Where the tail stands. It is kept inside the spool's records, with the events that were read up to there, so that
 * both are durable or neither is: a crash neither loses a line nor reads one twice. Bursts under way are a part of
 * it: events folded into them are in no record yet.
 */
export const TailPosition = Type.Object({
  segment: Count,
  /** Bytes of the segment that are done with. */
  offset: Count,
  run_id: Type.String({ maxLength: 32 }),
  /** Number of the last line read of that run. */
  line: Count,
  bursts: Type.Array(
    Type.Object({
      key: Type.String({ maxLength: 5000 }),
      representative: Type.Object(draft),
      firstUs: Count,
      lastUs: Count,
      count: Count,
    }),
  ),
});
export type TailPosition = Static<typeof TailPosition>;

const checker = compile(TailPosition);

export const START: TailPosition = { segment: 0, offset: 0, run_id: "", line: 0, bursts: [] };

export function encodePosition(position: TailPosition): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(position));
}

/** Inverse of encodePosition; undefined for anything else. */
export function decodePosition(bytes: Uint8Array | undefined): TailPosition | undefined {
  if (!bytes || bytes.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return checker.is(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
