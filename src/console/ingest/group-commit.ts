import type { Clock } from "../../core/clock.ts";
import type { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventDb } from "../stores/contract.ts";
import { makeEntry, type Commit, type DurableCommit, type Entry } from "./commit.ts";
import { commitMetrics, type CommitMetrics } from "./commit-metrics.ts";
import { COMMIT_OPTIONS, type CommitOptions } from "./commit-options.ts";
import { FairQueue } from "./fair-queue.ts";
import { GatherPace } from "./gather-pace.ts";
import { insertGroup } from "./insert-group.ts";
import { busy, Pressure, type Weight } from "./pressure.ts";
import { reachedBy } from "./reached.ts";
import { StoreOutage } from "./store-outage.ts";
import type { CursorUpdate } from "./store.ts";

export type { DurableCommit } from "./commit.ts";

export interface GroupCommitDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called for each batch once it is durable, before it is acknowledged. */
  readonly onDurable: (commit: DurableCommit) => void;
  /**
   * Writes down how far lanes are stored. Waited for before anything is acknowledged where the event store shows its rows only later:
   * after a sudden end nothing else would know of them.
   */
  readonly saveReached: (reached: readonly CursorUpdate[]) => Promise<void>;
  readonly options?: Partial<CommitOptions>;
}

/**
 * Gathers batches of all sensors into few large inserts. A batch resolves when its rows are durable and everything of its lane
 * before it is too. When the store fails it is probed until it answers. Meanwhile what is under way on streams is kept, and goes first
 * then: a sensor that was told of a failure could only begin anew with a stream of its own, and thousands would at once. Everything
 * else is handed back to its sensors, which still have it, and so is what there is no room for.
 */
export class GroupCommit implements Service {
  readonly name = "group commit";
  readonly #deps: GroupCommitDeps;
  readonly #options: CommitOptions;
  readonly #log: Log;
  readonly #queue = new FairQueue<Entry>();
  readonly #pressure: Pressure;
  readonly #pace: GatherPace;
  readonly #outage: StoreOutage;
  readonly #metrics: CommitMetrics;
  /** What was in an insert when the store failed, and waits for it: before all that is queued. */
  #held: Entry[] = [];
  #ended = false;
  /** Groups under way, oldest first; they end in the order they began. */
  readonly #groupsUnderWay: Promise<void>[] = [];
  #wake = Promise.withResolvers<void>();
  #full: AbortController | undefined;
  readonly #roomWatchers = new Set<() => void>();

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
    this.#options = { ...COMMIT_OPTIONS, ...deps.options };
    this.#pressure = new Pressure(this.#options, () => deps.clock.monotonicMs());
    this.#pace = new GatherPace(this.#options);
    this.#log = deps.log.child("ingest");
    this.#outage = new StoreOutage(this.#pressure, this.#log);
    this.#metrics = commitMetrics(deps.metrics, this.#pressure, this.#outage);
  }

  /** Events of a lane that may still be taken over all sensors; 0 while the store is down. */
  room(lane: LaneName): number {
    return this.#outage.down || this.#ended ? 0 : this.#pressure.room(lane);
  }

  /** There is no room in a lane for want of time, not because the store is down. */
  isFull(lane: LaneName): boolean {
    return !this.#outage.down && !this.#ended && this.#pressure.room(lane) === 0;
  }

  /** Events one sensor may have under way in a lane now; 0 means wait. */
  creditFor(sensorId: string, lane: LaneName): number {
    return this.#outage.down || this.#ended ? 0 : this.#pressure.creditFor(sensorId, lane);
  }

  /** Why the last insert failed; undefined once one has succeeded since. */
  get fault(): AppError | undefined {
    return this.#outage.fault;
  }

  /** Calls back whenever the store goes down or comes back; returns how to stop that. */
  watch(changed: () => void): () => void {
    return this.#outage.watch(changed);
  }

  /** Calls back whenever something became durable, which leaves room for more; returns how to stop that. */
  watchRoom(changed: () => void): () => void {
    this.#roomWatchers.add(changed);
    return () => this.#roomWatchers.delete(changed);
  }

  /** Throws AppError `unavailable` or `rate_limited` when so much of a sensor would not be taken now. */
  admit(sensorId: string, lane: LaneName, weight: Weight, patient: boolean): void {
    if (this.#ended) throw busy("The Console is shutting down.");
    const waits = patient && this.#holds;
    if (this.#outage.down && !waits) throw busy(this.#outage.fault?.message ?? "The event store does not answer.");
    this.#pressure.admit(sensorId, lane, weight, waits);
  }

  /** Where rows show only later, nobody can say which of a failed insert are stored: nothing is inserted a second time from here. */
  get #holds(): boolean {
    return !this.#ended && this.#deps.events.deferred !== true;
  }

  /** Counts what is not yet here and takes memory all the same, until disposed. */
  hold(sensorId: string, weight: Weight): Disposable {
    this.#pressure.add(sensorId, weight);
    return { [Symbol.dispose]: () => this.#pressure.remove(sensorId, weight) };
  }

  /** Resolves once durable, with the events the store itself refused. Throws as `admit` does. */
  submit(commit: Commit): Promise<readonly RejectedEvent[]> {
    const { sensorId } = commit.lane;
    const { promise, resolve, reject } = Promise.withResolvers<readonly RejectedEvent[]>();
    const entry = makeEntry(commit, resolve, reject);
    this.admit(sensorId, commit.laneName, entry.weight, commit.patient);
    this.#queue.add(entry);
    this.#pressure.add(sensorId, entry.weight);
    commit.lane.pending++;
    this.#wake.resolve();
    if (this.#queue.cost >= this.#enough) this.#full?.abort();
    return promise;
  }

  /** Takes nothing more; resolves when what was taken is durable and told, or the store is down. */
  async drain(): Promise<void> {
    this.#ended = true;
    this.#wake.resolve();
    this.#full?.abort();
    this.#outage.tell();
    while (this.#groupsUnderWay.length > 0 || this.#queue.size > 0 || this.#held.length > 0) {
      if (this.#outage.down) return this.#handBack(busy("The Console is shutting down."));
      await this.#next();
    }
    await this.#groupsUnderWay.at(-1);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped]);
      if (this.#outage.down) await this.#recover(signal);
      else {
        if (this.#queue.cost < this.#enough && !this.#ended) await this.#gather(signal);
        await this.#next();
      }
      if (this.#queue.size === 0 && !this.#outage.down) this.#wake = Promise.withResolvers<void>();
    }
    // What was taken before the end is still made durable; its senders are told if their connection lives.
    await this.drain();
  }

  async #gather(signal: AbortSignal): Promise<void> {
    this.#full = new AbortController();
    const over = AbortSignal.any([signal, this.#full.signal]);
    await this.#pace.gather(this.#deps.clock, () => this.#queue.cost, over);
    this.#full = undefined;
  }

  /**
   * What need not wait for more. While an insert is under way half a group is: its senders may send no more than they were granted, and
   * a few of them cannot fill one group beside the other.
   */
  get #enough(): number {
    const { maxGroupRows } = this.#options;
    return this.#groupsUnderWay.length === 0 ? maxGroupRows : maxGroupRows / 2;
  }

  /** Begins the next group as soon as one may begin; resolves when it has begun. */
  async #next(): Promise<void> {
    const underWay = this.#groupsUnderWay;
    while (underWay.length >= this.#options.maxInserts) await underWay[0];
    const group = this.#outage.down
      ? []
      : this.#queue.take(Math.min(this.#options.maxGroupRows, this.#pressure.mostRows));
    if (group.length === 0) return underWay.at(-1);
    const inserted = this.#insert(group).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const before = underWay.at(-1);
    const settled = (async () => {
      const stored = await inserted;
      await before;
      const failed = stored ?? (await this.#reached(group));
      void underWay.shift();
      if (failed) this.#failed(group, failed.error);
      else if (this.#held.length > 0) this.#putOff(group, busy("The event store failed."));
      else this.#durable(group);
    })();
    underWay.push(settled);
  }

  async #insert(group: Entry[]): Promise<void> {
    const startedMs = this.#deps.clock.monotonicMs();
    const count = group.reduce((sum, entry) => sum + entry.events.count, 0);
    this.#pace.began(count, startedMs);
    await insertGroup({ ...this.#deps, log: this.#log }, group);
    if (count === 0) return;
    const tookMs = this.#deps.clock.monotonicMs() - startedMs;
    this.#pace.took(tookMs);
    this.#metrics.inserted(count, tookMs);
  }

  /** Behind the groups before it, of which none of the same lanes failed. */
  async #reached(group: readonly Entry[]): Promise<{ readonly error: unknown } | undefined> {
    if (this.#deps.events.deferred !== true) return undefined;
    return this.#deps.saveReached(reachedBy(group)).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  #durable(group: readonly Entry[]): void {
    // A group without rows says nothing about the store.
    if (group.some((entry) => entry.events.count > 0)) this.#outage.works();
    for (const entry of group) {
      const { lane } = entry;
      this.#leave(entry, !lane.stale);
      if (lane.stale) {
        // Something before it in its lane failed: this is stored, and will be found to be, but may not be acknowledged yet.
        entry.reject(busy("The event store failed."));
        continue;
      }
      lane.durableSeq = Math.max(lane.durableSeq, entry.lastSeq);
      this.#deps.onDurable(entry);
      entry.resolve(entry.refused);
    }
    for (const watcher of this.#roomWatchers) watcher();
  }

  #failed(group: readonly Entry[], error: unknown): void {
    this.#metrics.failed();
    const fault = this.#outage.failed(error);
    this.#wake.resolve();
    this.#putOff(group, busy(fault.message));
    this.#outage.tell();
  }

  /** Keeps what can wait for the store, and hands back the rest. The insert of a group may have happened although it seemed to fail. */
  #putOff(group: readonly Entry[], error: AppError): void {
    if (!this.#holds) return this.#handBack(error, group);
    const queued = this.#queue.clear();
    const all = [...group, ...queued];
    for (const entry of group) entry.unsure = true;
    // A sequence of which something is handed back begins anew as a whole.
    const lost = new Set(all.filter(({ patient, lane }) => !patient || lane.stale).map(({ lane }) => lane));
    const waits = ({ lane }: Entry): boolean => !lost.has(lane);
    this.#held.push(...group.filter(waits));
    for (const entry of queued.filter(waits)) this.#queue.add(entry);
    this.#refuse(
      all.filter((entry) => !waits(entry)),
      error,
    );
  }

  #leave(entry: Entry, stored: boolean): void {
    this.#pressure.remove(entry.sensorId, entry.weight, stored);
    entry.lane.pending--;
  }

  #handBack(error: AppError, group: readonly Entry[] = []): void {
    const held = this.#held;
    this.#held = [];
    this.#refuse([...held, ...group, ...this.#queue.clear()], error);
  }

  #refuse(entries: readonly Entry[], error: AppError): void {
    for (const entry of entries) {
      this.#leave(entry, false);
      // The insert may have happened although it seemed to fail: what is stored is asked for before the lane goes on.
      entry.lane.stale = true;
      entry.reject(error);
    }
  }

  async #recover(signal: AbortSignal): Promise<void> {
    await this.#groupsUnderWay.at(-1);
    await this.#outage.recover(this.#deps.events, this.#deps.clock, this.#options.probeMs, signal);
    if (this.#outage.down) return;
    const waiting = [...this.#held, ...this.#queue.clear()];
    this.#held = [];
    for (const entry of waiting) this.#queue.add(entry);
  }
}
