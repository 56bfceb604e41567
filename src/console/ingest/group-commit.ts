import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventDb } from "../stores/contract.ts";
import { makeEntry, type Commit, type DurableCommit, type Entry } from "./commit.ts";
import { FairQueue } from "./fair-queue.ts";
import { insertRows } from "./insert-rows.ts";
import type { Lane } from "./lanes.ts";
import { refusedLoss } from "./losses.ts";
import { busy, Pressure, type PressureLimits } from "./pressure.ts";
import type { CursorUpdate } from "./store.ts";

export interface CommitOptions extends PressureLimits {
  /** Batches are gathered this long at least. */
  readonly gatherMs: number;
  /** And longer, up to this, the longer inserts take: a small one costs the engine as much as a large one, and its merges more. */
  readonly maxGatherMs: number;
  readonly maxGroupRows: number;
  /** Inserts at once: the next is prepared, and begun, while one waits for its disk. */
  readonly maxInserts: number;
  readonly probeMs: number;
}

const COMMIT_OPTIONS: CommitOptions = {
  gatherMs: 100,
  maxGatherMs: 500,
  maxGroupRows: 25_000,
  maxInserts: 2,
  maxPendingRows: 160_000,
  maxPendingBytes: 384 * 1024 * 1024,
  probeMs: 1_000,
};

/** Of the time an insert takes: the engine rests for eight parts of nine when little comes. */
const GATHER_FACTOR = 8;
/** When so many rows a second come, an insert is put off as long as may be, however fast they are: each costs as much as thousands of rows. */
const MANY_ROWS_PER_SEC = 2_000;

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
 * before it is too. When the store fails, everything under way is handed back to the sensors, which still have it: nothing waits
 * here for a store that is down, and the store is probed until it answers.
 */
export class GroupCommit implements Service {
  readonly name = "group commit";
  readonly #deps: GroupCommitDeps;
  readonly #options: CommitOptions;
  readonly #log: Log;
  readonly #queue = new FairQueue<Entry>();
  readonly #pressure: Pressure;
  /** What the last insert took. */
  #insertMs = 0;
  /** Rows a second between the last two groups, and when the last one began. */
  #rate = 0;
  #groupMs = -Infinity;
  #down = false;
  #fault: AppError | undefined;
  #ended = false;
  /** Groups under way, oldest first; they end in the order they began. */
  readonly #groupsUnderWay: Promise<void>[] = [];
  #wake = Promise.withResolvers<void>();
  #full: AbortController | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #groups: (rows: number) => void;
  readonly #times: (ms: number) => void;
  readonly #failures: () => void;

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
    this.#options = { ...COMMIT_OPTIONS, ...deps.options };
    this.#pressure = new Pressure(this.#options, () => deps.clock.monotonicMs());
    this.#log = deps.log.child("ingest");
    const { metrics } = deps;
    this.#groups = metrics.histogram("telovix_console_commit_rows", "Rows of an insert.", [10, 100, 1_000, 10_000]);
    this.#times = metrics.histogram(
      "telovix_console_commit_ms",
      "Milliseconds until an insert was durable.",
      [25, 50, 100, 200, 500, 1_000, 5_000],
    );
    this.#failures = metrics.counter(
      "telovix_console_commit_failures_total",
      "Inserts that failed; their events stay with the sensors.",
    );
    const pending = metrics.gauge("telovix_console_ingest_pending_rows", "Events taken and not yet durable.");
    const pendingBytes = metrics.gauge("telovix_console_ingest_pending_bytes", "Memory they hold, about.");
    const down = metrics.gauge("telovix_console_event_store_down", "1 while the event store refuses inserts.");
    metrics.onCollect(() => {
      pending(this.#pressure.rows);
      pendingBytes(this.#pressure.bytes);
      down(this.#down ? 1 : 0);
    });
  }

  /** Events of a lane that may still be taken over all sensors; 0 while the store is down. */
  room(lane: LaneName): number {
    return this.#down || this.#ended ? 0 : this.#pressure.room(lane);
  }

  /** There is no room in a lane for want of time, not because the store is down. */
  isFull(lane: LaneName): boolean {
    return !this.#down && !this.#ended && this.#pressure.room(lane) === 0;
  }

  /** Events one sensor may have under way in a lane now; 0 means wait. */
  creditFor(sensorId: string, lane: LaneName): number {
    return this.#down || this.#ended ? 0 : this.#pressure.creditFor(sensorId, lane);
  }

  /** Why the last insert failed; undefined once one has succeeded since. */
  get fault(): AppError | undefined {
    return this.#fault;
  }

  /** Calls back whenever the store goes down or comes back; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Throws AppError `unavailable` or `rate_limited` when so many rows of a sensor would not be taken now. */
  admit(sensorId: string, lane: LaneName, rows: number): void {
    if (this.#down) throw busy(this.#fault?.message ?? "The event store does not answer.");
    if (this.#ended) throw busy("The Console is shutting down.");
    this.#pressure.admit(sensorId, lane, rows);
  }

  /** Resolves once durable, with the events the store itself refused. Throws as `admit` does. */
  submit(commit: Commit): Promise<readonly RejectedEvent[]> {
    const { sensorId } = commit.lane;
    this.admit(sensorId, commit.laneName, commit.events.count);
    const { promise, resolve, reject } = Promise.withResolvers<readonly RejectedEvent[]>();
    const entry = makeEntry(commit, resolve, reject);
    this.#queue.add(entry);
    this.#pressure.add(sensorId, entry.events.count, entry.bytes);
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
    this.#tell();
    while (this.#pressure.rows > 0 || this.#queue.size > 0) {
      if (this.#down) return this.#failAll(busy("The Console is shutting down."));
      await this.#next();
    }
    await this.#groupsUnderWay.at(-1);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped]);
      if (this.#down) await this.#recover(signal);
      else {
        if (this.#queue.cost < this.#enough && !this.#ended) await this.#gather(signal);
        await this.#next();
      }
      if (this.#queue.size === 0 && !this.#down) this.#wake = Promise.withResolvers<void>();
    }
    // What was taken before the end is still made durable; its senders are told if their connection lives.
    await this.drain();
  }

  async #gather(signal: AbortSignal): Promise<void> {
    this.#full = new AbortController();
    const { gatherMs, maxGatherMs } = this.#options;
    const restMs = this.#rate >= MANY_ROWS_PER_SEC ? maxGatherMs : GATHER_FACTOR * this.#insertMs;
    const ms = Math.max(gatherMs, Math.min(maxGatherMs, restMs));
    await this.#deps.clock.sleep(ms, AbortSignal.any([signal, this.#full.signal]));
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
    const group = this.#down ? [] : this.#queue.take(this.#options.maxGroupRows);
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
      else this.#durable(group);
    })();
    underWay.push(settled);
  }

  async #insert(group: Entry[]): Promise<void> {
    const startedMs = this.#deps.clock.monotonicMs();
    // What comes as the table is ordered need not be sorted by the engine.
    const ordered = group.length === 1 ? group : group.toSorted((a, b) => (a.lane.order < b.lane.order ? -1 : 1));
    const count = group.reduce((sum, entry) => sum + entry.events.count, 0);
    this.#rate = (count * 1000) / Math.max(1, startedMs - this.#groupMs);
    this.#groupMs = startedMs;
    const refused = await insertRows(
      this.#deps.events,
      ordered.map((entry) => entry.events),
      (row, message) =>
        this.#log.error("the event store refused an event", { sensor_id: row.sensor_id, error: message }),
    );
    for (const entry of group)
      for (const row of refused.get(entry.events) ?? []) {
        entry.losses.push(refusedLoss(row, this.#deps.clock.nowMs()));
        entry.refused.push({ seq: row.seq, pointer: "/", reason: "the event store refused it" });
      }
    const losses = group.flatMap((entry) => entry.losses);
    if (losses.length > 0) await this.#deps.events.insert("event_losses", losses);
    if (count === 0) return;
    this.#groups(count);
    this.#insertMs = this.#deps.clock.monotonicMs() - startedMs;
    this.#times(this.#insertMs);
  }

  /** Behind the groups before it, of which none of the same lanes failed. */
  async #reached(group: readonly Entry[]): Promise<{ readonly error: unknown } | undefined> {
    if (this.#deps.events.deferred !== true) return undefined;
    const reached = new Map<Lane, CursorUpdate>();
    for (const { lane, lastSeq } of group) {
      const { tenantId, sensorId, epoch, durableSeq, stale } = lane;
      const seq = Math.max(durableSeq, lastSeq, reached.get(lane)?.seq ?? 0);
      if (!stale) reached.set(lane, { tenantId, sensorId, epoch, seq });
    }
    return this.#deps.saveReached([...reached.values()]).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  #durable(group: readonly Entry[]): void {
    // A group without rows says nothing about the store.
    if (group.some((entry) => entry.events.count > 0)) this.#works();
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
  }

  #works(): void {
    if (!this.#fault) return;
    this.#fault = undefined;
    this.#pressure.trial = false;
    this.#log.info("the event store takes events again");
    this.#tell();
  }

  #failed(group: readonly Entry[], error: unknown): void {
    this.#failures();
    const fault =
      error instanceof AppError
        ? error
        : new AppError("unavailable", "The event store failed.", { cause: error, retryAfterSecs: 2 });
    // Said once, not at every attempt.
    if (fault.message !== this.#fault?.message)
      this.#log.error("the event store failed; events stay with the sensors until it answers", {
        error: errorMessage(fault),
        ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      });
    this.#fault = fault;
    this.#pressure.trial = true;
    this.#down = true;
    this.#wake.resolve();
    this.#failAll(busy(fault.message), group);
    this.#tell();
  }

  #leave(entry: Entry, stored: boolean): void {
    this.#pressure.remove(entry.sensorId, entry.events.count, entry.bytes, stored);
    entry.lane.pending--;
  }

  #failAll(error: AppError, group: readonly Entry[] = []): void {
    for (const entry of [...group, ...this.#queue.clear()]) {
      this.#leave(entry, false);
      // The insert may have happened although it seemed to fail: what is stored is asked for before the lane goes on.
      entry.lane.stale = true;
      entry.reject(error);
    }
  }

  async #recover(signal: AbortSignal): Promise<void> {
    await this.#groupsUnderWay.at(-1);
    while (this.#down && !signal.aborted) {
      await this.#deps.clock.sleep(this.#options.probeMs, signal);
      try {
        await this.#deps.events.ping();
        this.#down = false;
      } catch (error) {
        this.#log.debug("the event store is still down", { error: errorMessage(error) });
      }
    }
    if (!this.#down) this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
