import type { Log } from "../../core/log.ts";
import type { EndedEpoch } from "../../core/spool/ended-epochs.ts";
import type { LaneSet, SpoolLane } from "../../core/spool/lane-set.ts";
import type { Ack, RejectedEvent } from "../../core/wire/common.ts";
import { LaneSender, type LaneBatch } from "./lane-sender.ts";

/** A bulk lane that holds more than this when the link comes up is closed, so that what happens from then on does not wait behind it. */
const LONG_LANE = 5_000;

/** Held by the one sender. */
export interface Claim extends Disposable {
  /** Aborts when a better way wants to send. */
  readonly wanted: AbortSignal;
}

/** What leaves the spool, by whatever way. One sender at a time holds it, so that nothing goes out twice side by side. */
export class Outbox {
  readonly #lanes: LaneSet;
  readonly #log: Log;
  readonly #senders = new WeakMap<SpoolLane, LaneSender>();
  #holder: string | undefined;
  #wanted = new AbortController();
  #waiters = new Set<() => void>();
  #changed: PromiseWithResolvers<void> | undefined;
  sent = 0;
  acked = 0;
  rejected = 0;

  constructor(lanes: LaneSet, log: Log) {
    this.#lanes = lanes;
    this.#log = log;
  }

  /** Every lane there is, in the order in which they are served. */
  get senders(): readonly LaneSender[] {
    return this.#lanes.lanes.map((lane) => {
      let sender = this.#senders.get(lane);
      if (!sender) this.#senders.set(lane, (sender = new LaneSender(lane)));
      return sender;
    });
  }

  get ended(): readonly EndedEpoch[] {
    return this.#lanes.ended;
  }

  find(epoch: string): LaneSender | undefined {
    return this.senders.find((s) => s.epoch === epoch);
  }

  /** Becomes the one sender; undefined while another is. Sending begins anew after the last acknowledged events. */
  claim(holder: string): Claim | undefined {
    if (this.#holder !== undefined) return undefined;
    this.#holder = holder;
    this.#wanted = new AbortController();
    for (const sender of this.senders) sender.rewind();
    return {
      wanted: this.#wanted.signal,
      [Symbol.dispose]: () => {
        this.#holder = undefined;
        this.wake();
      },
    };
  }

  /** Asks whoever holds it to let go. */
  want(): void {
    if (this.#holder !== undefined) this.#wanted.abort();
  }

  /** Before a link is used: a bulk lane that an outage has filled is set aside. A disk that refuses leaves it as it is. */
  async prepare(): Promise<void> {
    try {
      if (await this.#lanes.sealLong(LONG_LANE))
        this.#log.info("events of the outage go as a backlog, beside the present ones");
    } catch (error) {
      this.#log.warn("the backlog could not be set aside; present events wait behind it", { error });
    }
  }

  /** The next events of the first lane that has any; undefined when none has. */
  async take(maxEvents: number, maxBytes: number): Promise<LaneBatch | undefined> {
    for (const sender of this.senders) {
      const batch = await sender.take(maxEvents, maxBytes);
      if (batch) return batch;
    }
    return undefined;
  }

  markSent(batch: LaneBatch): void {
    batch.sender.markSent(batch);
    this.sent += batch.records.length;
  }

  /**
   * Takes the Console's word that events up to a number are durable. One of an epoch that no lane has says nothing and is ignored;
   * one for events that nobody can have sent is an AppError `invalid_request`: that Console is confused, and nothing is deleted on its
   * word.
   */
  applyAck(ack: Ack): void {
    const sender = this.find(ack.epoch);
    if (sender) this.#acked(sender, sender.ack(ack.seq));
  }

  /**
   * Takes what the Console has of a lane from before. False when that is more than this sensor can have told it: another one gave out
   * numbers under the same epoch, and nothing may be let go on the strength of them.
   */
  welcome(epoch: string, ackedSeq: number): boolean {
    const sender = this.find(epoch);
    if (!sender) return true;
    if (ackedSeq > sender.known) return false;
    this.#acked(sender, sender.ack(ackedSeq));
    return true;
  }

  /** The Console has more of a lane than this process can have sent: what is from before it counts as had, the rest is sent anew. */
  async rekeyForeign(epoch: string): Promise<void> {
    const sender = this.find(epoch);
    if (sender) await this.#lanes.rekey(sender.lane.spool, sender.lane.spool.openedNext - 1);
  }

  /**
   * Another node uses this identity: every lane that this process gave out numbers in, or may, goes on under a new name with all that is
   * not acknowledged. Closed lanes of earlier times stay: nobody adds to them.
   */
  async rekeyAll(): Promise<void> {
    for (const { lane } of this.senders)
      if (!lane.spool.sealed || lane.spool.nextSeq > lane.spool.openedNext)
        await this.#lanes.rekey(lane.spool, lane.spool.ackedSeq);
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
    if (waiters.size > 0) this.#waiters = new Set();
    for (const waiter of waiters) waiter();
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  /** Resolves at the next `wake`: for who is woken at its own end too. */
  get changed(): Promise<void> {
    this.#changed ??= Promise.withResolvers<void>();
    return this.#changed.promise;
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

  #acked(sender: LaneSender, events: number): void {
    this.acked += events;
    const { spool } = sender.lane;
    if (spool.sealed && spool.ackedSeq >= spool.nextSeq - 1)
      this.#lanes
        .settle()
        .catch((error: unknown) => this.#log.warn("a delivered lane could not be removed", { error }));
    this.wake();
  }
}
