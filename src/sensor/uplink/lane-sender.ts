import { AppError } from "../../core/error.ts";
import { laneName, type SpoolLane } from "../../core/spool/lane-set.ts";
import type { MissingRange } from "../../core/spool/missing.ts";
import type { SpoolBatch } from "../../core/spool/reader.ts";
import type { LaneName } from "../../core/wire/common.ts";
import type { LaneState } from "../../core/wire/stream.ts";

/** A batch on its way, with the lane it is of. */
export interface LaneBatch extends SpoolBatch {
  readonly sender: LaneSender;
}

/** What of one lane is sent, acknowledged, and still to be sent. */
export class LaneSender {
  readonly lane: SpoolLane;
  #sentSeq: number;
  /** Highest number ever handed out for sending by this process, whether or not it arrived. */
  #attempted = 0;
  /** Numbers handed out without an event, not acknowledged yet: they are not counted as stored. */
  #gone: MissingRange[] = [];

  constructor(lane: SpoolLane) {
    this.lane = lane;
    this.#sentSeq = lane.spool.ackedSeq;
  }

  get name(): LaneName {
    return laneName(this.lane);
  }

  get epoch(): string {
    return this.lane.spool.epoch;
  }

  get state(): LaneState {
    const { epoch, nextSeq, ackedSeq, baseSeq } = this.lane.spool;
    const state = { lane: this.name, epoch, next_seq: nextSeq, acked_seq: ackedSeq };
    return baseSeq > 0 ? { ...state, base_seq: baseSeq } : state;
  }

  /** Numbers sent and not acknowledged. */
  get underWay(): number {
    return Math.max(0, this.#sentSeq - this.lane.spool.ackedSeq);
  }

  /** Numbers not sent yet by the present holder. */
  get waiting(): number {
    return this.lane.spool.nextSeq - 1 - this.#sentSeq;
  }

  /** Highest number a Console can have of this lane if nobody else gave out its numbers. */
  get known(): number {
    return Math.max(this.lane.spool.openedNext - 1, this.#attempted);
  }

  /** Sending begins anew after the last acknowledged event. */
  rewind(): void {
    this.#sentSeq = this.lane.spool.ackedSeq;
  }

  /** The next events, at most so many; undefined when there are none. They count as sent once `markSent` is called. */
  async take(maxEvents: number, maxBytes: number): Promise<LaneBatch | undefined> {
    if (this.waiting <= 0 || maxEvents <= 0) return undefined;
    const batch = await this.lane.spool.read(this.#sentSeq + 1, maxEvents, maxBytes);
    if (batch.lastSeq < batch.firstSeq) return undefined;
    this.#attempted = Math.max(this.#attempted, batch.lastSeq);
    // Handed out again, it may miss other numbers than before.
    const others = this.#gone.filter(({ from, to }) => to < batch.firstSeq || from > batch.lastSeq);
    this.#gone = [...others, ...batch.missing];
    return { ...batch, sender: this };
  }

  markSent(batch: LaneBatch): void {
    // What another way had sent may have been acknowledged meanwhile, beyond this batch.
    this.#sentSeq = Math.max(this.#sentSeq, batch.lastSeq);
  }

  /**
   * Lets go of everything up to `seq`; returns how many events that were. It may be more than was sent since the last `rewind`: what
   * was sent before that arrived, and only the answer was lost. For numbers that nobody can have sent it is an AppError
   * `invalid_request`: nothing may be deleted on that word.
   */
  ack(seq: number): number {
    const { spool } = this.lane;
    if (seq > this.known)
      throw new AppError("invalid_request", `the Console acknowledged event ${seq}, but only ${this.known} were sent`);
    const before = spool.ackedSeq;
    spool.ack(seq);
    const after = spool.ackedSeq;
    this.#sentSeq = Math.max(this.#sentSeq, after);
    const answered = this.#gone.filter((range) => range.to <= after);
    this.#gone = this.#gone.filter((range) => range.to > after);
    const without = answered.reduce((sum, range) => sum + range.to - range.from + 1, 0);
    return Math.max(0, after - before - without);
  }
}
