import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { MissingRange } from "../../core/spool/missing.ts";
import type { Spool, SpoolBatch } from "../../core/spool/spool.ts";
import type { Ack, RejectedEvent } from "../../core/wire/common.ts";

/** What leaves the spool, by whatever way. One sender at a time holds it, so that nothing goes out twice side by side. */
export class Outbox {
  readonly #spool: Spool;
  readonly #log: Log;
  #holder: string | undefined;
  #sentSeq: number;
  #waiters = new Set<() => void>();
  /** Numbers answered for without an event, not acknowledged yet: they are not counted as stored. */
  #gone: MissingRange[] = [];
  sent = 0;
  acked = 0;
  rejected = 0;

  constructor(spool: Spool, log: Log) {
    this.#spool = spool;
    this.#log = log;
    this.#sentSeq = spool.ackedSeq;
  }

  get epoch(): string {
    return this.#spool.epoch;
  }

  get nextSeq(): number {
    return this.#spool.nextSeq;
  }

  /** Events sent and not acknowledged. */
  get underWay(): number {
    return this.#sentSeq - this.#spool.ackedSeq;
  }

  /** Events not sent yet by the present holder. */
  get waiting(): number {
    return this.#spool.nextSeq - 1 - this.#sentSeq;
  }

  /** Becomes the one sender; undefined while another is. Sending begins anew after the last acknowledged event. */
  claim(holder: string): Disposable | undefined {
    if (this.#holder !== undefined) return undefined;
    this.#holder = holder;
    this.#sentSeq = this.#spool.ackedSeq;
    return {
      [Symbol.dispose]: () => {
        this.#holder = undefined;
        this.wake();
      },
    };
  }

  /** The next events, at most so many; undefined when there are none. They count as sent once `markSent` is called. */
  async take(maxEvents: number, maxBytes: number): Promise<SpoolBatch | undefined> {
    if (this.waiting <= 0 || maxEvents <= 0) return undefined;
    const batch = await this.#spool.read(this.#sentSeq + 1, maxEvents, maxBytes);
    return batch.lastSeq < batch.firstSeq ? undefined : batch;
  }

  markSent(batch: SpoolBatch): void {
    this.#sentSeq = batch.lastSeq;
    this.sent += batch.records.length;
    const known = this.#gone.at(-1)?.to ?? 0;
    this.#gone.push(...batch.missing.filter((range) => range.to > known));
  }

  /**
   * Takes the Console's word that events up to a number are durable. One of another epoch says nothing about this
   * spool and is ignored; one for events that were never sent is an AppError `invalid_request`: that Console is
   * confused, and nothing may be deleted on its word.
   */
  applyAck(ack: Ack, sentSeq = this.#sentSeq): void {
    if (ack.epoch !== this.#spool.epoch) return;
    if (ack.seq > sentSeq)
      throw new AppError("invalid_request", `the Console acknowledged event ${ack.seq}, but only ${sentSeq} were sent`);
    const before = this.#spool.ackedSeq;
    this.#spool.ack(ack.seq);
    const after = this.#spool.ackedSeq;
    const answered = this.#gone.filter((range) => range.to <= after);
    this.#gone.splice(0, answered.length);
    const without = answered.reduce((sum, range) => sum + range.to - range.from + 1, 0);
    this.acked += Math.max(0, after - before - without);
    this.wake();
  }

  /** Counts and logs what the Console could not take; it is not sent again. */
  applyRejected(rejected: readonly RejectedEvent[]): void {
    if (rejected.length === 0) return;
    this.rejected += rejected.length;
    this.#log.error("the Console refused events", { count: rejected.length, first: rejected.slice(0, 3) });
  }

  /** Wakes whoever waits for something to do. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const waiter of waiters) waiter();
  }

  /** Resolves at the next `wake`, or when the signal aborts. */
  woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        this.#waiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
