import { leafOf } from "../../core/integrity/chain.ts";
import { encodeRuntimeEvents } from "../stores/runtime-event-block.ts";
import type { RuntimeEventRow, StoredEvent } from "../stores/runtime-event-row.ts";
import type { EventRows } from "./contract.ts";
import { soundRow } from "./sound-row.ts";

/** What a row costs in memory beside its longer texts, which are there twice: in the event and in its JSON. */
const ROW_OVERHEAD_BYTES = 1_500;
/** Smaller batches are encoded together, when their group is. */
const ENCODE_ROWS = 200;

/** Rows that are there as objects. */
export class PlainRows implements EventRows {
  readonly bytes: number;
  readonly encoded: Uint8Array | undefined;
  readonly #rows: readonly RuntimeEventRow[];
  readonly #stored: readonly StoredEvent[];

  /** `stored` are the events the rows are of, where somebody may ask for them. */
  constructor(rows: readonly RuntimeEventRow[], stored: readonly StoredEvent[] = []) {
    this.#rows = rows;
    this.#stored = stored;
    // While their texts are at hand: later they would have to be fetched from memory again.
    this.encoded = rows.length >= ENCODE_ROWS ? tryEncode(rows) : undefined;
    let bytes = this.encoded?.length ?? 0;
    for (const row of rows) bytes += 2 * (row.event.length + row.raw.length) + ROW_OVERHEAD_BYTES;
    this.bytes = bytes;
  }

  /** Events that were checked one by one, every text in them made sound. */
  static of(stored: readonly StoredEvent[]): PlainRows {
    return new PlainRows(stored.map(soundRow), stored);
  }

  get count(): number {
    return this.#rows.length;
  }

  seqAt(index: number): number {
    return this.#rows[index]!.seq;
  }

  observedUsAt(index: number): number {
    return this.#rows[index]!.observed_at;
  }

  leafAt(index: number, prefix: string): Uint8Array {
    const { seq, event, raw } = this.#rows[index]!;
    return leafOf(prefix, seq, event, raw);
  }

  stored(): readonly StoredEvent[] {
    return this.#stored;
  }

  rows(): readonly RuntimeEventRow[] {
    return this.#rows;
  }
}

function tryEncode(rows: readonly RuntimeEventRow[]): Uint8Array | undefined {
  try {
    return encodeRuntimeEvents(rows);
  } catch (error) {
    // The insert will say which of them it is.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
