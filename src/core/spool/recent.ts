import { BatchBuffer } from "./format.ts";
import type { SpoolRecord } from "./missing.ts";

/** What one read needs of the newest events at most times: a batch or two, of which one can be half a megabyte. */
const MAX_BYTES = 1 << 21;
/** Memory of batches that are gone, kept for those to come: at a trickle one batch is as large as the other. */
const MAX_SPARE = 3;

/** The events of one append, one behind the other. */
interface Block {
  readonly firstSeq: number;
  readonly memory: BatchBuffer;
  readonly bytes: Uint8Array;
  /** Where each of them ends. */
  readonly ends: Uint32Array;
}

/**
 * The newest events of a spool, kept in memory beside the disk: a sensor that is in touch sends what it has just written, and need
 * not read, check and take apart again what it made. Bounded by bytes; the oldest go first.
 */
export class RecentRecords {
  readonly #blocks: Block[] = [];
  readonly #spare: BatchBuffer[] = [];
  /** The first number that is here, when any is. */
  #first = 0;
  #bytes = 0;

  /** The first number that is here; undefined when none is. */
  get firstSeq(): number | undefined {
    return this.#blocks.length === 0 ? undefined : this.#first;
  }

  /** Adds events that are durable, numbered from `firstSeq` on. What was read before may change by it. */
  add(firstSeq: number, payloads: readonly Uint8Array[]): void {
    let size = 0;
    for (const payload of payloads) size += payload.length;
    while (this.#blocks.length > 0 && this.#bytes + size > MAX_BYTES) this.#shift();
    if (size === 0 || size > MAX_BYTES) return;
    const memory = this.#spare.pop() ?? new BatchBuffer();
    const bytes = memory.take(size);
    const ends = new Uint32Array(payloads.length);
    let end = 0;
    for (let i = 0; i < payloads.length; i++) {
      bytes.set(payloads[i]!, end);
      ends[i] = end += payloads[i]!.length;
    }
    if (this.#blocks.length === 0) this.#first = firstSeq;
    this.#blocks.push({ firstSeq, memory, bytes, ends });
    this.#bytes += size;
  }

  /** Lets go of events up to a number. */
  forget(seq: number): void {
    for (let block = this.#blocks[0]; block && block.firstSeq + block.ends.length - 1 <= seq; block = this.#blocks[0])
      this.#shift();
    this.#first = Math.max(this.#first, seq + 1);
  }

  /** As `readBatch` gives them, until the next `add`; undefined when the first of them is not here. */
  read(
    fromSeq: number,
    maxEvents: number,
    maxBytes: number,
  ): { readonly records: SpoolRecord[]; readonly full: boolean } | undefined {
    if (this.#blocks.length === 0 || fromSeq < this.#first) return undefined;
    const records: SpoolRecord[] = [];
    let bytes = 0;
    for (const block of this.#blocks)
      for (let i = Math.max(0, fromSeq - block.firstSeq); i < block.ends.length; i++) {
        const from = block.ends[i - 1] ?? 0;
        const size = block.ends[i]! - from;
        if (records.length > 0 && (records.length >= maxEvents || bytes + size > maxBytes))
          return { records, full: true };
        records.push({ seq: block.firstSeq + i, payload: block.bytes.subarray(from, from + size) });
        bytes += size;
      }
    return { records, full: records.length >= maxEvents };
  }

  #shift(): void {
    const block = this.#blocks.shift()!;
    this.#bytes -= block.bytes.length;
    this.#first = this.#blocks[0]?.firstSeq ?? 0;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(block.memory);
  }
}
