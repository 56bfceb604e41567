import type { RejectedEvent } from "../../core/wire/common.ts";
import type { EventsBatchEnvelope } from "../../core/wire/events.ts";
import { gapsOf } from "../losses/gaps.ts";
import type { EventRows } from "../rows/contract.ts";
import { makeRows, type MadeRows } from "../rows/make-rows.ts";
import { PackedEvents } from "../rows/packed-events.ts";
import { PlainRows } from "../rows/plain-rows.ts";
import type { EventOrigin } from "../stores/runtime-event-row.ts";
import { checkBatch, MAX_AGE_US, MAX_AHEAD_US } from "./check-batch.ts";
import type { Lane } from "./lanes.ts";
import { lossesOf } from "./losses.ts";
import type { Weight } from "./pressure.ts";
import type { LossRow } from "./store.ts";

/** What a sensor said of a sequence when it came, and will not come with any more. */
export interface HandedOver {
  /** Up to here it was acknowledged. */
  readonly acked: number;
  /** Up to here it was so under another name, or by another Console. */
  readonly base: number;
}

/** A batch as it comes in: its events may not have been looked at yet. */
export type IncomingBatch = Omit<EventsBatchEnvelope, "events"> & {
  readonly events: unknown[] | PackedEvents;
  /** Left out: the sensor has not said, and still has whatever the Console does not. */
  readonly handed?: HandedOver;
  /** Whoever sent it waits for the answer however long it takes: it is kept while the store is down. */
  readonly patient?: boolean;
};

/** Of an event that was read as an object, about. */
const EVENT_BYTES = 1_000;

/** What a batch takes as it came. */
export function weightOf({ events, missing = [] }: IncomingBatch): Weight {
  const bytes = events instanceof PackedEvents ? events.bytes.length : events.length * EVENT_BYTES;
  return { rows: events.length + missing.length, bytes };
}

/** What is taken of a batch. */
export interface TakenBatch {
  readonly events: EventRows;
  readonly losses: LossRow[];
  readonly rejected: RejectedEvent[];
  /** Already had. */
  readonly duplicates: number;
  /** How it was read: walked over, or event by event. */
  readonly read: "packed" | "objects";
}

/** A batch whose events are all plainly right: no object is made of any. */
function takePacked(batch: IncomingBatch, made: MadeRows, lane: Lane, nodeName: string, nowMs: number): TakenBatch {
  const { first_seq: first, last_seq: last, missing = [], handed } = batch;
  const { rows, had: duplicates } = made;
  const base = handed?.base ?? 0;
  const whole = rows.count + duplicates === last - first + 1 && first <= Math.max(lane.queuedSeq, base) + 1;
  // Only a batch that leaves numbers out is looked at more closely.
  const events = whole ? [...made.losses] : unpacked(batch);
  const taken = events.map((event) => (event as { seq: number }).seq);
  const facts = { first, last, cursor: lane.queuedSeq, base, present: undefined, taken, rejected: [], missing };
  const losses = lossesOf(lane, nodeName, { ...batch, events }, whole ? [] : gapsOf(facts), nowMs);
  return { events: rows, losses, rejected: [], duplicates, read: "packed" };
}

function unpacked(batch: IncomingBatch): unknown[] {
  return batch.events instanceof PackedEvents ? batch.events.unpack() : batch.events;
}

/** Takes what is new and right of a batch, and says what becomes of the rest. Throws AppError `invalid_request` when it cannot be read. */
export function takeBatch(batch: IncomingBatch, lane: Lane, nodeName: string, nowMs: number): TakenBatch {
  const { tenantId, sensorId, epoch } = lane;
  const origin: EventOrigin = { tenantId, sensorId, nodeName, epoch };
  if (batch.events instanceof PackedEvents && !lane.present) {
    const made = makeRows(
      batch.events,
      { origin, ingestedAtMs: nowMs },
      {
        previousSeq: -1,
        firstSeq: batch.first_seq,
        lastSeq: batch.last_seq,
        cursor: lane.queuedSeq,
        fromUs: nowMs * 1000 - MAX_AGE_US,
        toUs: nowMs * 1000 + MAX_AHEAD_US,
      },
    );
    if (made) return takePacked(batch, made, lane, nodeName, nowMs);
  }
  const plain = { ...batch, events: unpacked(batch) };
  const { events, rejected, gaps, duplicates } = checkBatch(
    plain,
    lane.queuedSeq,
    lane.present,
    nowMs,
    batch.handed?.base,
  );
  const stored = events.map((event) => ({ ...origin, event, ingestedAtMs: nowMs }));
  const losses = lossesOf(lane, nodeName, plain, gaps, nowMs);
  return { events: PlainRows.of(stored), losses, rejected, duplicates, read: "objects" };
}
