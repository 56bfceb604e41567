import type { RuntimeEvent } from "../../core/event/event.ts";
import {
  toRuntimeEventRow,
  type EventOrigin,
  type RuntimeEventRow,
  type StoredEvent,
} from "../stores/runtime-event-row.ts";
import type { EventRows } from "./contract.ts";
import type { PackedEvents } from "./packed-events.ts";

/** Of the leaf of an event in the hash chain. */
export const LEAF_BYTES = 32;
const ROW_OVERHEAD_BYTES = 64;

export interface PackedParts {
  readonly origin: EventOrigin;
  readonly ingestedAtMs: number;
  readonly events: PackedEvents;
  /** Of the events that are rows: the others of `events` were had already and come before them. */
  readonly seqs: Float64Array;
  readonly times: Float64Array;
  readonly leaves: Uint8Array;
  readonly ranks: Uint8Array;
  readonly encoded: Uint8Array | undefined;
}

/** Rows that are kept as they came; objects are made of them only for who asks. */
export class PackedRows implements EventRows {
  readonly parts: PackedParts;

  constructor(parts: PackedParts) {
    this.parts = parts;
  }

  get count(): number {
    return this.parts.seqs.length;
  }

  get bytes(): number {
    const { events, encoded } = this.parts;
    return events.bytes.length + (encoded?.length ?? 0) + this.count * ROW_OVERHEAD_BYTES;
  }

  get encoded(): Uint8Array | undefined {
    return this.parts.encoded;
  }

  get ranks(): Uint8Array {
    return this.parts.ranks;
  }

  seqAt(index: number): number {
    return this.parts.seqs[index]!;
  }

  observedUsAt(index: number): number {
    return this.parts.times[index]!;
  }

  leafAt(index: number): Uint8Array {
    return this.parts.leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
  }

  stored(): StoredEvent[] {
    const { origin, ingestedAtMs, events } = this.parts;
    if (this.count === 0) return [];
    const had = events.length - this.count;
    return events
      .unpack()
      .slice(had)
      .map((event) => ({ ...origin, event: event as RuntimeEvent, ingestedAtMs }));
  }

  rows(): RuntimeEventRow[] {
    return this.stored().map(toRuntimeEventRow);
  }
}
