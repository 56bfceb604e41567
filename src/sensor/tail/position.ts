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
  /** The rest of a line that is too long follows, to be skipped. */
  skipping: Type.Optional(Type.Boolean()),
  run_id: Type.String({ maxLength: 32 }),
  /** Number of the last line read of that run. */
  line: Count,
  /** Lines after that one that could not be read and were counted: their numbers are not missed a second time. */
  unread: Type.Optional(Count),
  bursts: Type.Array(
    Type.Object({
      key: Type.String({ maxLength: 5000 }),
      representative: Type.Object(draft),
      firstUs: Count,
      lastUs: Count,
      count: Count,
    }),
  ),
  /**
   * In the alert lane: the lines of the last chunk whose events are in that lane, as their place in the chunk times 4 plus bits of PART.
   * The alert lane is written first; after a crash before the bulk lane was, the chunk is read again and these are left out.
   */
  done: Type.Optional(Type.Array(Count)),
});
export type TailPosition = Static<typeof TailPosition>;

/** More than a chunk can hold. */
const MAX_CHUNK_LINES = 1_000_000;
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

/** A chunk whose events in the alert lane are durable although the bulk lane does not have its position yet. */
export interface Replay {
  /** Where it ends. */
  readonly segment: number;
  readonly offset: number;
  /** Of each line in it, by its place, the bits of PART that are in the alert lane; 0 or undefined: none. */
  readonly parts: readonly number[];
}

/** Where the tail goes on. */
export interface TailStart {
  readonly position: TailPosition;
  readonly replay: Replay | undefined;
  /** The bulk lane has a position: without one, a crash could not tell what the alert lane is ahead of. */
  readonly anchored: boolean;
}

const isAfter = (a: TailPosition, b: TailPosition): boolean =>
  a.segment > b.segment || (a.segment === b.segment && a.offset > b.offset);

/** Works out from the positions of both lanes where the tail goes on, and what of the next chunk is durable already. */
export function startOf(bulkBytes: Uint8Array | undefined, alertBytes: Uint8Array | undefined): TailStart {
  const bulk = decodePosition(bulkBytes);
  const alert = decodePosition(alertBytes);
  // Without the bulk lane's own word there is nothing better than the alert lane's.
  if (!bulk || !alert || !isAfter(alert, bulk))
    return { position: bulk ?? alert ?? START, replay: undefined, anchored: bulk !== undefined };
  const parts: number[] = [];
  for (const entry of alert.done ?? []) {
    const place = Math.floor(entry / 4);
    if (place > MAX_CHUNK_LINES) continue;
    while (parts.length <= place) parts.push(0);
    parts[place]! |= entry % 4;
  }
  return { position: bulk, replay: { segment: alert.segment, offset: alert.offset, parts }, anchored: true };
}
