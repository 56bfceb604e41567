import type { SpoolRecord } from "./missing.ts";

/** What one read needs of the newest events at most times: a batch or two. */
const MAX_BYTES = 1 << 20;

/**
 * The newest events of a spool, kept in memory beside the disk: a sensor that is in touch sends what it has just written, and need
 * not read, check and take apart again what it made. Bounded by bytes; the oldest go first.
 */
export class RecentRecords {
  readonly #records: SpoolRecord[] = [];
  #from = 0;
  #bytes = 0;

  /** Adds events that are durable, numbered from `firstSeq` on. */
  add(firstSeq: number, payloads: readonly Uint8Array[]): void {
    for (const [i, payload] of payloads.entries()) {
      this.#records.push({ seq: firstSeq + i, payload });
      this.#bytes += payload.length;
    }
    while (this.#bytes > MAX_BYTES) this.#shift();
    this.#compact();
  }

  /** Lets go of events up to a number. */
  forget(seq: number): void {
    while (this.#from < this.#records.length && this.#records[this.#from]!.seq <= seq) this.#shift();
    this.#compact();
  }

  /** As `readBatch` gives them; undefined when the first of them is not here. */
  read(
    fromSeq: number,
    maxEvents: number,
    maxBytes: number,
  ): { readonly records: SpoolRecord[]; readonly full: boolean } | undefined {
    const first = this.#records[this.#from]?.seq;
    if (first === undefined || fromSeq < first) return undefined;
    const records: SpoolRecord[] = [];
    let bytes = 0;
    for (let at = this.#from + fromSeq - first; at < this.#records.length; at++) {
      const record = this.#records[at]!;
      if (records.length > 0 && (records.length >= maxEvents || bytes + record.payload.length > maxBytes))
        return { records, full: true };
      records.push(record);
      bytes += record.payload.length;
    }
    return { records, full: records.length >= maxEvents };
  }

  #shift(): void {
    this.#bytes -= this.#records[this.#from++]!.payload.length;
  }

  /** Gives up the places of what has gone, a good many at a time. */
  #compact(): void {
    if (this.#from < 1_024 && this.#from < this.#records.length) return;
    this.#records.splice(0, this.#from);
    this.#from = 0;
  }
}
