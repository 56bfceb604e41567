import { mkdir, rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { AppError } from "../error.ts";
import { randomHex } from "../ids.ts";
import type { Log } from "../log.ts";
import {
  BatchBuffer,
  encodeBatch,
  epochSeed,
  MAX_PAYLOAD_BYTES,
  MAX_POSITION_BYTES,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from "./format.ts";
import { loadSpool, type Loaded } from "./load.ts";
import { encodeMeta, syncDir, writeFileAtomic, type Newest } from "./meta.ts";
import { missingRanges, type MissingRange, type SpoolRecord } from "./missing.ts";
import { readBatch, type ReadMark } from "./read-batch.ts";
import { RecentRecords } from "./recent.ts";
import { realDisk, removeSegment, SegmentWriter, type Segment, type SpoolDisk } from "./segment.ts";

export interface SpoolLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  /** Events of a segment; a 32nd of `maxEvents` unless given. */
  readonly segmentEvents?: number;
  /** Longest time an acknowledgement stays in memory only. A lost one costs a re-send, nothing else. */
  readonly ackDelayMs: number;
}

export const DEFAULT_SPOOL_LIMITS: SpoolLimits = {
  maxEvents: 100_000,
  maxBytes: 256 * 1024 * 1024,
  segmentBytes: 4 * 1024 * 1024,
  ackDelayMs: 5_000,
};

export interface SpoolBatch {
  /** First and last number this answers for; `lastSeq < firstSeq` when there is nothing. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: SpoolRecord[];
  readonly missing: MissingRange[];
}

export interface SpoolStats {
  readonly depth: number;
  readonly bytes: number;
  /** Events since `open` that went unacknowledged because the spool was full. */
  readonly dropped: number;
  /** Events and damaged stretches found unreadable since `open`. */
  readonly corrupt: number;
}

/**
 * A bounded queue on disk, one sequence of numbers.
 *
 * What is durable when: `append` resolves after one flushed write to the segment (a new segment's header and directory entry are
 * flushed before), so what it numbered survives a power cut, and nothing that was not flushed was ever numbered for anybody.
 * Once a segment, before its first number, the cursor file says which numbers it may give out: should the newest segment be gone at the
 * next start, those are named as missing and not given out again.
 * `ack` is kept in memory and written within `ackDelayMs` by an atomic, flushed replacement of the cursor file; segments go only
 * after that, so that losing it costs a second delivery and no event. `seal`, `rekey` and closing write the cursor at once.
 *
 * When it is full the oldest segment goes, and later reads name its numbers as missing. One process at a time may have a spool open.
 */
export class Spool implements AsyncDisposable {
  /** First number that could be given out when it was opened: those before it are from earlier lives of the process. */
  readonly openedNext: number;
  readonly #dir: string;
  readonly #limits: SpoolLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #disk: SpoolDisk;
  /** Epoch in the files; the one in use differs from it after `rekey`. */
  readonly #fileEpoch: string;
  readonly #seed: number;
  readonly #segments: Segment[];
  readonly #closing = new AbortController();
  readonly #mark: ReadMark = { seq: 0, path: "", offset: 0 };
  readonly #recent = new RecentRecords();
  readonly #buffer = new BatchBuffer();
  #epoch: string;
  #base: number;
  #writer: SegmentWriter | undefined;
  #sealed = false;
  #next: number;
  #acked: number;
  #savedAck: number;
  #newest: Newest | undefined;
  #position: Uint8Array | undefined;
  #dropped = 0;
  #corrupt: number;
  /** Highest number already counted as corrupt: reading a range twice counts once. */
  #counted = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #saving: Promise<void> | undefined;

  private constructor(dir: string, limits: SpoolLimits, clock: Clock, log: Log, disk: SpoolDisk, found: Loaded) {
    this.#dir = dir;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#disk = disk;
    this.#epoch = found.alias ?? found.epoch;
    this.#base = found.base;
    this.#fileEpoch = found.epoch;
    this.#seed = epochSeed(found.epoch);
    this.#segments = found.segments;
    this.#next = this.openedNext = found.next;
    this.#acked = this.#savedAck = found.acked;
    this.#newest = found.newest;
    this.#position = found.position;
    this.#corrupt = found.damages;
  }

  /** Opens or creates the spool in `dir`, repairing what a crash left. */
  static async open(dir: string, limits: SpoolLimits, clock: Clock, log: Log, disk = realDisk): Promise<Spool> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const found = await loadSpool(dir, log);
    const spool = new Spool(dir, limits, clock, log, disk, found);
    const last = found.segments.at(-1);
    if (last) spool.#writer = await SegmentWriter.reopen(last, found.epoch, disk);
    return spool;
  }

  /** Names its numbering. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Number the next event gets. */
  get nextSeq(): number {
    return this.#next;
  }

  get ackedSeq(): number {
    return this.#acked;
  }

  /** Up to here numbers were acknowledged under another name than the present one; 0 without. */
  get baseSeq(): number {
    return this.#base;
  }

  /** It takes no more events. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Position given with the last append that is durable. */
  get position(): Uint8Array | undefined {
    return this.#position;
  }

  get stats(): SpoolStats {
    let depth = 0;
    let bytes = 0;
    for (const s of this.#segments) {
      depth += this.#unacked(s);
      bytes += s.bytes;
    }
    return { depth, bytes, dropped: this.#dropped, corrupt: this.#corrupt };
  }

  /**
   * Appends events and remembers `position` with them, both or neither. Throws AppError `too_large` for a payload
   * over MAX_PAYLOAD_BYTES, and the system's error when the disk refuses; nothing is appended then.
   */
  append(
    payloads: readonly Uint8Array[],
    position: Uint8Array = new Uint8Array(),
  ): Promise<{ firstSeq: number; lastSeq: number }> {
    for (const p of payloads)
      if (p.length === 0 || p.length > MAX_PAYLOAD_BYTES)
        throw new AppError("too_large", `an event of ${p.length} bytes does not fit the spool`);
    if (position.length > MAX_POSITION_BYTES)
      throw new AppError("too_large", `a position of ${position.length} bytes does not fit the spool`);
    return this.#exclusive(async () => {
      if (this.#sealed) throw new AppError("conflict", "the spool is sealed");
      const firstSeq = this.#next;
      const lastSeq = firstSeq + payloads.length - 1;
      const writer = await this.#writable(payloads);
      if (payloads.length > 0) await this.#grant(writer.segment.firstSeq, lastSeq);
      const mark = { first: firstSeq, count: payloads.length, position };
      const batch = encodeBatch(mark, payloads, this.#seed, this.#buffer);
      await writer.append(batch, payloads.length, lastSeq);
      this.#next += payloads.length;
      this.#recent.add(firstSeq, payloads);
      this.#position = position;
      const { maxEvents, maxBytes } = this.#limits;
      while (this.stats.depth > maxEvents || this.stats.bytes > maxBytes) if (!(await this.#drop())) break;
      return { firstSeq, lastSeq };
    });
  }

  /** Events from number `fromSeq` on, within the limits (one event at least), and what is missing among them. */
  read(fromSeq: number, maxEvents: number, maxBytes: number): Promise<SpoolBatch> {
    return this.#exclusive(async () => {
      const { records, full } =
        this.#recent.read(fromSeq, maxEvents, maxBytes) ??
        (await readBatch(this.#segments, this.#seed, this.#mark, fromSeq, maxEvents, maxBytes));
      const lastSeq = full ? records.at(-1)!.seq : this.#next - 1;
      return { firstSeq: fromSeq, lastSeq, records, missing: this.#missing(fromSeq, lastSeq, records) };
    });
  }

  /** Lets go of everything up to `seq`. Lower numbers than before are ignored; unknown ones are an AppError `invalid_request`. */
  ack(seq: number): void {
    if (seq >= this.#next)
      throw new AppError("invalid_request", `acknowledged up to ${seq}, but only ${this.#next - 1} were ever sent`);
    if (seq <= this.#acked) return;
    this.#acked = seq;
    this.#recent.forget(seq);
    this.#saving ??= this.#saveLater();
  }

  /** Gives up the oldest segment, acknowledged or not; false when there is none but the one that takes appends. */
  dropOldest(onlyAcked = false): Promise<boolean> {
    return this.#exclusive(() => this.#drop(onlyAcked));
  }

  /** Takes no more events from now on; its last number is the last for good. */
  seal(): Promise<void> {
    this.#sealed = true;
    return this.#exclusive(async () => {
      await this.#writer?.close();
      this.#writer = undefined;
      this.#newest = undefined;
      // Its segments tell the last number too; before the last of them goes the cursor is written again.
      await this.#save().catch((error: unknown) =>
        this.#log.error("the spool's cursor could not be written", { error }),
      );
    });
  }

  /**
   * Goes on under a new name, because somebody else gave out the same numbers under the old one. What is numbered up to `had` is let
   * go; the rest and all that follows keep their numbers. Durable when it resolves.
   */
  rekey(had: number): Promise<void> {
    return this.#exclusive(async () => {
      this.#acked = Math.max(this.#acked, Math.min(had, this.#next - 1));
      await this.#save();
      const epoch = randomHex(8);
      await writeFileAtomic(this.#dir, "alias", `${this.#fileEpoch} ${epoch} ${this.#acked}\n`);
      this.#epoch = epoch;
      this.#base = this.#acked;
    });
  }

  /** Closes it and deletes everything of it. */
  async remove(): Promise<void> {
    this.#closing.abort();
    await this.#saving;
    await this.#exclusive(async () => {
      await this.#writer?.close();
      this.#writer = undefined;
      await rm(this.#dir, { recursive: true, force: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#saving;
    await this.#exclusive(async () => {
      // No more numbers come: what the newest segment may hold is what it holds.
      if (this.#newest) this.#newest = { ...this.#newest, lastSeq: this.#next - 1 };
      await this.#save();
      await this.#writer?.close();
      this.#writer = undefined;
    });
  }

  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => {});
    return result;
  }

  #unacked(s: Segment): number {
    if (s.lastSeq <= this.#acked) return 0;
    return Math.min(s.count, s.lastSeq - this.#acked);
  }

  /** The segment for the next batch: the open one, or a new one when that is full. */
  async #writable(payloads: readonly Uint8Array[]): Promise<SegmentWriter> {
    const open = this.#writer;
    if (open) {
      const { bytes, count } = open.segment;
      let added = 0;
      for (const p of payloads) added += p.length + RECORD_HEADER_BYTES;
      const roomy = bytes + added <= this.#limits.segmentBytes && count + payloads.length <= this.#segmentEvents;
      // A segment's name is its first number, so one without events can't be followed by another.
      if (roomy || count === 0) return open;
      this.#writer = undefined;
      await open.close();
    }
    this.#writer = await SegmentWriter.create(this.#dir, this.#fileEpoch, this.#next, this.#disk);
    this.#segments.push(this.#writer.segment);
    return this.#writer;
  }

  get #segmentEvents(): number {
    return this.#limits.segmentEvents ?? Math.max(1, Math.floor(this.#limits.maxEvents / 32));
  }

  /** Sees to it that the cursor file lets a segment give out numbers up to `lastSeq`. */
  async #grant(firstSeq: number, lastSeq: number): Promise<void> {
    if (this.#newest?.firstSeq === firstSeq && lastSeq <= this.#newest.lastSeq) return;
    const newest = { firstSeq, lastSeq: Math.max(lastSeq, this.#next - 1 + this.#segmentEvents) };
    await this.#writeMeta(newest);
    this.#newest = newest;
  }

  async #drop(onlyAcked = false): Promise<boolean> {
    const oldest = this.#segments[0];
    // The newest segment holds the source's position too.
    if (!oldest || (this.#segments.length === 1 && !this.#sealed)) return false;
    const lost = this.#unacked(oldest);
    if (onlyAcked && lost > 0) return false;
    if (this.#segments.length === 1) await this.#save();
    this.#segments.shift();
    this.#recent.forget(oldest.lastSeq);
    this.#dropped += lost;
    await removeSegment(oldest);
    if (lost > 0)
      this.#log.warn("the spool is full; its oldest events are dropped", {
        events: lost,
        fromSeq: Math.max(oldest.firstSeq, this.#acked + 1),
        toSeq: oldest.lastSeq,
      });
    return true;
  }

  #missing(from: number, to: number, records: readonly SpoolRecord[]): MissingRange[] {
    const missing = missingRanges(from, to, records, this.#segments[0]?.firstSeq ?? this.#next);
    for (const range of missing) {
      if (range.cause !== "spool_corrupt") continue;
      this.#corrupt += Math.max(0, range.to - Math.max(range.from - 1, this.#counted));
      this.#counted = Math.max(this.#counted, range.to);
    }
    return missing;
  }

  async #saveLater(): Promise<void> {
    await this.#clock.sleep(this.#limits.ackDelayMs, this.#closing.signal);
    this.#saving = undefined;
    if (this.#closing.signal.aborted) return;
    try {
      await this.#exclusive(() => this.#save());
    } catch (error) {
      this.#log.error("the spool's cursor could not be written; it is tried again with the next acknowledgement", {
        error,
      });
    }
  }

  /** Writes the cursor, then removes what it covers: in that order, or a crash would make it look lost. */
  async #save(): Promise<void> {
    if (this.#acked > this.#savedAck || this.#next > 1) await this.#writeMeta(this.#newest);
    let removed = false;
    while (this.#segments.length > 0 && this.#segments[0]!.lastSeq <= this.#savedAck) {
      // The newest mark tells where the source stands: what holds it stays.
      if ((this.#segments[1]?.bytes ?? 0) <= SEGMENT_HEADER_BYTES) break;
      await removeSegment(this.#segments.shift()!);
      removed = true;
    }
    if (removed) await syncDir(this.#dir);
  }

  async #writeMeta(newest: Newest | undefined): Promise<void> {
    const acked = this.#acked;
    const meta = { epoch: this.#fileEpoch, acked, next: this.#next, newest };
    await writeFileAtomic(this.#dir, "meta", encodeMeta(meta));
    this.#savedAck = acked;
  }
}
