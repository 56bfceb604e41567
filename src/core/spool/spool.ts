import { mkdir } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { AppError } from "../error.ts";
import type { Log } from "../log.ts";
import {
  encodeBatch,
  epochSeed,
  MAX_PAYLOAD_BYTES,
  MAX_POSITION_BYTES,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from "./format.ts";
import { loadSpool, type Loaded } from "./load.ts";
import { encodeMeta, syncDir, writeFileAtomic } from "./meta.ts";
import { missingRanges, type MissingRange, type SpoolRecord } from "./missing.ts";
import { readRecords, removeSegment, SegmentWriter, type Segment } from "./segment.ts";

export interface SpoolLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  /** Longest time an acknowledgement stays in memory only. A lost one costs a re-send, nothing else. */
  readonly ackDelayMs: number;
}

export const DEFAULT_SPOOL_LIMITS: SpoolLimits = {
  maxEvents: 100_000,
  maxBytes: 256 * 1024 * 1024,
  segmentBytes: 4 * 1024 * 1024,
  ackDelayMs: 1_000,
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
 * A bounded queue on disk. `append` numbers events and resolves once they are flushed (one fdatasync per call);
 * `ack` lets go of them. When it is full the oldest segment goes, and later reads name its numbers as missing.
 * One process at a time may have a spool open.
 */
export class Spool implements AsyncDisposable {
  readonly epoch: string;
  readonly #dir: string;
  readonly #limits: SpoolLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #seed: number;
  readonly #segments: Segment[];
  readonly #closing = new AbortController();
  #writer: SegmentWriter | undefined;
  #next: number;
  #acked: number;
  #savedAck: number;
  #position: Uint8Array | undefined;
  #dropped = 0;
  #corrupt: number;
  /** Highest number already counted as corrupt: reading a range twice counts once. */
  #counted = 0;
  #reader = { seq: 0, path: "", offset: 0 };
  #queue: Promise<unknown> = Promise.resolve();
  #saving: Promise<void> | undefined;

  private constructor(dir: string, limits: SpoolLimits, clock: Clock, log: Log, found: Loaded) {
    this.#dir = dir;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.epoch = found.epoch;
    this.#seed = epochSeed(found.epoch);
    this.#segments = found.segments;
    this.#next = found.next;
    this.#acked = this.#savedAck = found.acked;
    this.#position = found.position;
    this.#corrupt = found.damages;
  }

  /** Opens or creates the spool in `dir`, repairing what a crash left. */
  static async open(dir: string, limits: SpoolLimits, clock: Clock, log: Log): Promise<Spool> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const found = await loadSpool(dir, log);
    const spool = new Spool(dir, limits, clock, log, found);
    const last = found.segments.at(-1);
    if (last) spool.#writer = await SegmentWriter.reopen(last, found.epoch);
    return spool;
  }

  /** Number the next event gets. */
  get nextSeq(): number {
    return this.#next;
  }

  get ackedSeq(): number {
    return this.#acked;
  }

  /** Position given with the last append that is durable. */
  get position(): Uint8Array | undefined {
    return this.#position;
  }

  get stats(): SpoolStats {
    return { depth: this.#depth(), bytes: this.#bytes(), dropped: this.#dropped, corrupt: this.#corrupt };
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
      const firstSeq = this.#next;
      const writer = await this.#writable(payloads);
      const mark = { first: firstSeq, count: payloads.length, position };
      await writer.append(encodeBatch(mark, payloads, this.#seed), payloads.length, firstSeq + payloads.length - 1);
      this.#next += payloads.length;
      this.#position = position;
      await this.#enforceLimits();
      return { firstSeq, lastSeq: firstSeq + payloads.length - 1 };
    });
  }

  /** Events from number `fromSeq` on, within the limits (one event at least), and what is missing among them. */
  read(fromSeq: number, maxEvents: number, maxBytes: number): Promise<SpoolBatch> {
    return this.#exclusive(async () => {
      const records: SpoolRecord[] = [];
      let bytes = 0;
      let full = false;
      for (const segment of this.#segments) {
        if (segment.lastSeq < fromSeq || segment.count === 0) continue;
        let offset = SEGMENT_HEADER_BYTES;
        if (this.#reader.seq === fromSeq && this.#reader.path === segment.path) offset = this.#reader.offset;
        for (let ended = false; !ended && !full;) {
          const want = Math.min(maxBytes - bytes, 1 << 20) + MAX_PAYLOAD_BYTES + RECORD_HEADER_BYTES;
          const got = await readRecords(segment, offset, want, this.#seed);
          ended = got.ended;
          for (const item of got.items) {
            if (item.kind === "event" && item.seq >= (records.at(-1)?.seq ?? fromSeq - 1) + 1) {
              full = records.length > 0 && (records.length >= maxEvents || bytes + item.payload.length > maxBytes);
              if (full) break;
              records.push({ seq: item.seq, payload: item.payload });
              bytes += item.payload.length;
            }
            offset = item.end;
          }
          if (records.length >= maxEvents) full = true;
        }
        this.#reader = { seq: (records.at(-1)?.seq ?? fromSeq - 1) + 1, path: segment.path, offset };
        if (full) break;
      }
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
    this.#saving ??= this.#saveLater();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#saving;
    await this.#exclusive(async () => {
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

  #depth(): number {
    let depth = 0;
    for (const s of this.#segments) depth += this.#unacked(s);
    return depth;
  }

  #unacked(s: Segment): number {
    if (s.lastSeq <= this.#acked) return 0;
    return Math.min(s.count, s.lastSeq - this.#acked);
  }

  #bytes(): number {
    let bytes = 0;
    for (const s of this.#segments) bytes += s.bytes;
    return bytes;
  }

  /** The segment for the next batch: the open one, or a new one when that is full. */
  async #writable(payloads: readonly Uint8Array[]): Promise<SegmentWriter> {
    const open = this.#writer;
    const most = Math.max(1, Math.floor(this.#limits.maxEvents / 32));
    if (open) {
      const { bytes, count } = open.segment;
      let added = 0;
      for (const p of payloads) added += p.length + RECORD_HEADER_BYTES;
      const roomy = bytes + added <= this.#limits.segmentBytes && count + payloads.length <= most;
      // A segment's name is its first number, so one without events can't be followed by another.
      if (roomy || count === 0) return open;
      this.#writer = undefined;
      await open.close();
    }
    this.#writer = await SegmentWriter.create(this.#dir, this.epoch, this.#next);
    this.#segments.push(this.#writer.segment);
    return this.#writer;
  }

  async #enforceLimits(): Promise<void> {
    const { maxEvents, maxBytes } = this.#limits;
    while (this.#segments.length > 1 && (this.#depth() > maxEvents || this.#bytes() > maxBytes)) {
      const oldest = this.#segments.shift()!;
      const lost = this.#unacked(oldest);
      this.#dropped += lost;
      await removeSegment(oldest);
      if (lost > 0)
        this.#log.warn("the spool is full; its oldest events are dropped", {
          events: lost,
          fromSeq: Math.max(oldest.firstSeq, this.#acked + 1),
          toSeq: oldest.lastSeq,
        });
    }
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
    if (this.#acked > this.#savedAck || this.#next > 1) {
      const acked = this.#acked;
      await writeFileAtomic(this.#dir, "meta", encodeMeta({ epoch: this.epoch, acked, next: this.#next }));
      this.#savedAck = acked;
    }
    let removed = false;
    while (this.#segments.length > 0 && this.#segments[0]!.lastSeq <= this.#savedAck) {
      // The newest mark tells where the source stands: what holds it stays.
      if ((this.#segments[1]?.bytes ?? 0) <= SEGMENT_HEADER_BYTES) break;
      await removeSegment(this.#segments.shift()!);
      removed = true;
    }
    if (removed) await syncDir(this.#dir);
  }
}
