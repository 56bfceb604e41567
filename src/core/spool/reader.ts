import type { Log } from "../log.ts";
import type { Cursor } from "./cursor.ts";
import type { Loaded } from "./load.ts";
import { epochSeed } from "./format.ts";
import { missingRanges, type MissingRange, type SpoolRecord } from "./missing.ts";
import { readBatch, type ReadMark } from "./read-batch.ts";
import { RecentRecords } from "./recent.ts";
import type { SegmentChain } from "./segment-chain.ts";
import type { SpoolDisk } from "./segment.ts";

export interface SpoolBatch {
  /** First and last number this answers for; `lastSeq < firstSeq` when there is nothing. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: SpoolRecord[];
  readonly missing: MissingRange[];
}

/** Reads a spool's events: the newest from memory, the others from their segments; what cannot be read is named and counted. */
export class SpoolReader {
  readonly #chain: SegmentChain;
  readonly #cursor: Cursor;
  readonly #epoch: string;
  readonly #seed: number;
  readonly #disk: SpoolDisk;
  readonly #log: Log;
  readonly #mark: ReadMark = { seq: 0, path: "", offset: 0 };
  readonly #recent = new RecentRecords();
  #corrupt: number;
  /** Highest number already counted as corrupt: reading a range twice counts once. */
  #counted = 0;

  constructor(
    chain: SegmentChain,
    cursor: Cursor,
    found: Pick<Loaded, "epoch" | "damages">,
    disk: SpoolDisk,
    log: Log,
  ) {
    this.#chain = chain;
    this.#cursor = cursor;
    this.#epoch = found.epoch;
    this.#seed = epochSeed(found.epoch);
    this.#disk = disk;
    this.#log = log;
    this.#corrupt = found.damages;
  }

  /** Events and damaged stretches found unreadable. */
  get corrupt(): number {
    return this.#corrupt;
  }

  /** Remembers events that were just appended. */
  add(firstSeq: number, payloads: readonly Uint8Array[]): void {
    this.#recent.add(firstSeq, payloads);
  }

  /** Nobody asks for events up to `seq` any more. */
  forget(seq: number): void {
    this.#recent.forget(seq);
  }

  /**
   * Events from number `fromSeq` on, within the limits (one event at least), and what is missing among them: a segment that is removed,
   * cut off or damaged while the spool is open holds up nothing behind it.
   */
  async read(fromSeq: number, maxEvents: number, maxBytes: number): Promise<SpoolBatch> {
    const source = { segments: this.#chain.segments, disk: this.#disk, seed: this.#seed };
    const found: Awaited<ReturnType<typeof readBatch>> =
      this.#recent.read(fromSeq, maxEvents, maxBytes) ??
      (await readBatch(source, this.#mark, fromSeq, maxEvents, maxBytes));
    let { records } = found;
    let lastSeq = found.full ? records.at(-1)!.seq : this.#cursor.next - 1;
    const kept = this.#recent.firstSeq ?? Infinity;
    if (fromSeq < kept && kept <= lastSeq) {
      const before = records.filter(({ seq }) => seq < kept);
      if (records.length - before.length <= lastSeq - kept) {
        // What memory still has is not lost with the disk: the next read gives it from there.
        records = before;
        lastSeq = kept - 1;
      }
    }
    const missing = missingRanges(fromSeq, lastSeq, records, this.#chain.segments[0]?.firstSeq ?? this.#cursor.next);
    for (const range of missing) if (range.cause === "spool_corrupt") this.#count(range, found.error);
    return { firstSeq: fromSeq, lastSeq, records, missing };
  }

  #count({ from, to }: MissingRange, error: unknown): void {
    const fromSeq = Math.max(from, this.#counted + 1);
    if (fromSeq > to) return;
    this.#corrupt += to - fromSeq + 1;
    this.#counted = to;
    this.#log.error("events of the spool are gone or damaged; they count as lost, and what is behind them goes on", {
      fromSeq,
      toSeq: to,
      epoch: this.#epoch,
      ...(error === undefined ? {} : { error }),
    });
  }
}
