import { mkdir, rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { AppError } from "../error.ts";
import { randomHex } from "../ids.ts";
import type { Log } from "../log.ts";
import { Cursor } from "./cursor.ts";
import { BatchBuffer, encodeBatch, epochSeed, MAX_PAYLOAD_BYTES, MAX_POSITION_BYTES } from "./format.ts";
import type { SpoolLimits } from "./limits.ts";
import { loadSpool, type Loaded } from "./load.ts";
import { writeFileAtomic } from "./meta.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { SpoolReader, type SpoolBatch } from "./reader.ts";
import { SegmentChain, unacked } from "./segment-chain.ts";
import { realDisk, removeSegment, type SpoolDisk } from "./segment.ts";

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
 * A segment that is removed, cut off or damaged while the spool is open costs the events in it and nothing else: reads name them as
 * missing, and appends go on in a new one.
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
  /** Epoch in the files; the one in use differs from it after `rekey`. */
  readonly #fileEpoch: string;
  readonly #seed: number;
  readonly #chain: SegmentChain;
  readonly #cursor: Cursor;
  readonly #reader: SpoolReader;
  readonly #turns = new OneAtATime();
  readonly #closing = new AbortController();
  readonly #buffer = new BatchBuffer();
  #epoch: string;
  #base: number;
  #sealed = false;
  #position: Uint8Array | undefined;
  #dropped = 0;
  #saving: Promise<void> | undefined;

  private constructor(dir: string, limits: SpoolLimits, clock: Clock, log: Log, disk: SpoolDisk, found: Loaded) {
    this.#dir = dir;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#epoch = found.alias ?? found.epoch;
    this.#base = found.base;
    this.#fileEpoch = found.epoch;
    this.#seed = epochSeed(found.epoch);
    this.#chain = new SegmentChain(dir, found.epoch, limits, disk, found.segments);
    this.#cursor = new Cursor(dir, found);
    this.#reader = new SpoolReader(this.#chain, this.#cursor, found, disk, log);
    this.openedNext = found.next;
    this.#position = found.position;
  }

  /** Opens or creates the spool in `dir`, repairing what a crash left. */
  static async open(dir: string, limits: SpoolLimits, clock: Clock, log: Log, disk = realDisk): Promise<Spool> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const found = await loadSpool(dir, log, disk);
    const spool = new Spool(dir, limits, clock, log, disk, found);
    await spool.#chain.reopen();
    return spool;
  }

  /** Names its numbering. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Number the next event gets. */
  get nextSeq(): number {
    return this.#cursor.next;
  }

  get ackedSeq(): number {
    return this.#cursor.acked;
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
    const { depth, bytes } = this.#chain.size(this.#cursor.acked);
    return { depth, bytes, dropped: this.#dropped, corrupt: this.#reader.corrupt };
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
    return this.#turns.run(async () => {
      if (this.#sealed) throw new AppError("conflict", "the spool is sealed");
      const firstSeq = this.#cursor.next;
      const lastSeq = firstSeq + payloads.length - 1;
      const writer = await this.#chain.writable(payloads, firstSeq);
      if (payloads.length > 0) await this.#cursor.grant(writer.segment.firstSeq, lastSeq, this.#chain.segmentEvents);
      const mark = { first: firstSeq, count: payloads.length, position };
      const batch = encodeBatch(mark, payloads, this.#seed, this.#buffer);
      await writer.append(batch, payloads.length, lastSeq);
      this.#cursor.next += payloads.length;
      this.#reader.add(firstSeq, payloads);
      this.#position = position;
      while (this.#isOver()) if (!(await this.#drop())) break;
      return { firstSeq, lastSeq };
    });
  }

  /** Events from number `fromSeq` on, within the limits (one event at least), and what is missing among them. */
  read(fromSeq: number, maxEvents: number, maxBytes: number): Promise<SpoolBatch> {
    return this.#turns.run(() => this.#reader.read(fromSeq, maxEvents, maxBytes));
  }

  /** Lets go of everything up to `seq`. Lower numbers than before are ignored; unknown ones are an AppError `invalid_request`. */
  ack(seq: number): void {
    if (seq >= this.#cursor.next)
      throw new AppError(
        "invalid_request",
        `acknowledged up to ${seq}, but only ${this.#cursor.next - 1} were ever sent`,
      );
    if (seq <= this.#cursor.acked) return;
    this.#cursor.acked = seq;
    this.#reader.forget(seq);
    this.#saving ??= this.#saveLater();
  }

  /** Gives up the oldest segment, acknowledged or not; false when there is none but the one that takes appends. */
  dropOldest(onlyAcked = false): Promise<boolean> {
    return this.#turns.run(() => this.#drop(onlyAcked));
  }

  /** Takes no more events from now on; its last number is the last for good. */
  seal(): Promise<void> {
    this.#sealed = true;
    return this.#turns.run(async () => {
      await this.#chain.close();
      this.#cursor.forgetNewest();
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
    return this.#turns.run(async () => {
      const cursor = this.#cursor;
      cursor.acked = Math.max(cursor.acked, Math.min(had, cursor.next - 1));
      await this.#save();
      const epoch = randomHex(8);
      await writeFileAtomic(this.#dir, "alias", `${this.#fileEpoch} ${epoch} ${cursor.acked}\n`);
      this.#epoch = epoch;
      this.#base = cursor.acked;
    });
  }

  /** Closes it and deletes everything of it. */
  async remove(): Promise<void> {
    this.#closing.abort();
    await this.#saving;
    await this.#turns.run(async () => {
      await this.#chain.close();
      await rm(this.#dir, { recursive: true, force: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#saving;
    await this.#turns.run(async () => {
      // No more numbers come: what the newest segment may hold is what it holds.
      this.#cursor.stopGranting();
      await this.#save();
      await this.#chain.close();
    });
  }

  #isOver(): boolean {
    const { depth, bytes } = this.#chain.size(this.#cursor.acked);
    return depth > this.#limits.maxEvents || bytes > this.#limits.maxBytes;
  }

  async #drop(onlyAcked = false): Promise<boolean> {
    const { segments } = this.#chain;
    const oldest = segments[0];
    // The newest segment holds the source's position too.
    if (!oldest || (segments.length === 1 && !this.#sealed)) return false;
    const lost = unacked(oldest, this.#cursor.acked);
    if (onlyAcked && lost > 0) return false;
    if (segments.length === 1) await this.#save();
    this.#chain.takeOldest();
    this.#reader.forget(oldest.lastSeq);
    this.#dropped += lost;
    await removeSegment(oldest);
    if (lost > 0)
      this.#log.warn("the spool is full; its oldest events are dropped", {
        events: lost,
        fromSeq: Math.max(oldest.firstSeq, this.#cursor.acked + 1),
        toSeq: oldest.lastSeq,
      });
    return true;
  }

  async #saveLater(): Promise<void> {
    await this.#clock.sleep(this.#limits.ackDelayMs, this.#closing.signal);
    this.#saving = undefined;
    if (this.#closing.signal.aborted) return;
    try {
      await this.#turns.run(() => this.#save());
    } catch (error) {
      this.#log.error("the spool's cursor could not be written; it is tried again with the next acknowledgement", {
        error,
      });
    }
  }

  /** Writes the cursor, then removes what it covers: in that order, or a crash would make it look lost. */
  async #save(): Promise<void> {
    await this.#cursor.save();
    await this.#chain.removeUpTo(this.#cursor.savedAck);
  }
}
