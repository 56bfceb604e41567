import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { RejectedEvent } from "../../core/wire/common.ts";
import type { EventDb } from "../stores/contract.ts";
import type { RuntimeEventRow, StoredEvent } from "../stores/runtime-event-row.ts";
import type { Lane } from "./lanes.ts";
import { soundRow } from "./sound-row.ts";
import type { LossRow } from "./store.ts";

export interface CommitOptions {
  /** Batches are gathered this long. */
  readonly gatherMs: number;
  readonly maxGroupRows: number;
  /** Bounds of what is under way: beyond them new batches are refused. */
  readonly maxPendingRows: number;
  readonly maxPendingBytes: number;
  readonly probeMs: number;
}

const COMMIT_OPTIONS: CommitOptions = {
  gatherMs: 100,
  maxGroupRows: 10_000,
  maxPendingRows: 60_000,
  maxPendingBytes: 128 * 1024 * 1024,
  probeMs: 1_000,
};

/** A checked batch on its way to the store. */
export interface Commit {
  readonly lane: Lane;
  readonly events: readonly StoredEvent[];
  readonly losses: readonly LossRow[];
  readonly lastSeq: number;
}

interface Entry extends Commit {
  readonly rows: readonly RuntimeEventRow[];
  readonly bytes: number;
  readonly refused: RejectedEvent[];
  readonly resolve: (refused: readonly RejectedEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called for each batch once it is durable, before it is acknowledged. */
  readonly onDurable: (commit: Commit) => void;
  readonly options?: Partial<CommitOptions>;
}

const ROW_OVERHEAD_BYTES = 600;

function busy(message: string): AppError {
  return new AppError("unavailable", message, { retryAfterSecs: 2, hint: "Keep the events and send them again." });
}

/**
 * Gathers batches of all sensors into few large inserts, one at a time, in order of arrival. A batch resolves when its rows are
 * durable. When the store fails, everything under way is handed back to the sensors, which still have it: nothing waits here
 * for a store that is down, and the store is probed until it answers.
 */
export class GroupCommit implements Service {
  readonly name = "group commit";
  readonly #deps: GroupCommitDeps;
  readonly #options: CommitOptions;
  readonly #log: Log;
  #queue: Entry[] = [];
  #rows = 0;
  #bytes = 0;
  #down = false;
  #ended = false;
  #wake = Promise.withResolvers<void>();
  readonly #watchers = new Set<() => void>();
  readonly #groups: (rows: number) => void;
  readonly #failures: () => void;

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
    this.#options = { ...COMMIT_OPTIONS, ...deps.options };
    this.#log = deps.log.child("ingest");
    const { metrics } = deps;
    this.#groups = metrics.histogram("telovix_console_commit_rows", "Rows of an insert.", [10, 100, 1_000, 10_000]);
    this.#failures = metrics.counter(
      "telovix_console_commit_failures_total",
      "Inserts that failed; their events stay with the sensors.",
    );
    const pending = metrics.gauge("telovix_console_ingest_pending_rows", "Events taken and not yet durable.");
    const down = metrics.gauge("telovix_console_event_store_down", "1 while the event store refuses inserts.");
    metrics.onCollect(() => {
      pending(this.#rows);
      down(this.#down ? 1 : 0);
    });
  }

  /** Events that may still be taken; 0 while the store is down. */
  get room(): number {
    if (this.#down || this.#bytes >= this.#options.maxPendingBytes) return 0;
    return Math.max(0, this.#options.maxPendingRows - this.#rows);
  }

  get down(): boolean {
    return this.#down;
  }

  /** Calls back whenever the store goes down or comes back; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Resolves once durable, with the events the store itself refused. Throws AppError `unavailable` when there is no room. */
  submit(commit: Commit): Promise<readonly RejectedEvent[]> {
    if (this.#down) throw busy("The event store does not answer.");
    if (this.#ended) throw busy("The Console is shutting down.");
    if (commit.events.length > 0 && this.room === 0) throw busy("Too many events are under way.");
    const rows = commit.events.map(soundRow);
    let bytes = 0;
    for (const row of rows) bytes += row.event.length + row.raw.length + ROW_OVERHEAD_BYTES;
    const { promise, resolve, reject } = Promise.withResolvers<readonly RejectedEvent[]>();
    this.#queue.push({ ...commit, rows, bytes, refused: [], resolve, reject });
    this.#rows += rows.length;
    this.#bytes += bytes;
    commit.lane.pending++;
    this.#wake.resolve();
    return promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped]);
      if (this.#rows < this.#options.maxGroupRows) await this.#deps.clock.sleep(this.#options.gatherMs, signal);
      this.#wake = Promise.withResolvers<void>();
      // What was taken before the end is still made durable; its senders are told if their connection lives.
      while (this.#queue.length > 0 && !this.#down) await this.#commit(this.#takeGroup());
      if (this.#down) await this.#recover(signal);
    }
    this.#ended = true;
    this.#failAll(busy("The Console is shutting down."));
  }

  #takeGroup(): Entry[] {
    let rows = 0;
    let count = 0;
    while (
      count < this.#queue.length &&
      (count === 0 || rows + this.#queue[count]!.rows.length <= this.#options.maxGroupRows)
    )
      rows += this.#queue[count++]!.rows.length;
    return this.#queue.splice(0, count);
  }

  async #commit(group: Entry[]): Promise<void> {
    try {
      const rows = group.length === 1 ? group[0]!.rows : group.flatMap((entry) => entry.rows);
      const refused = await this.#insert(rows);
      const losses = group.flatMap((entry) => entry.losses);
      if (losses.length > 0) await this.#deps.events.insert("event_losses", losses);
      if (rows.length > 0) this.#groups(rows.length);
      for (const entry of group) this.#durable(entry, refused);
    } catch (error) {
      this.#failures();
      this.#queue.unshift(...group);
      this.#down = true;
      this.#log.error("the event store failed; events stay with the sensors until it answers", {
        error: errorMessage(error),
      });
      this.#failAll(busy("The event store does not answer."));
      this.#tell();
    }
  }

  /** Inserts; rows the store says do not fit are searched for by halves, so that the others are kept. */
  async #insert(rows: readonly RuntimeEventRow[]): Promise<Map<RuntimeEventRow, string>> {
    const refused = new Map<RuntimeEventRow, string>();
    const parts: (readonly RuntimeEventRow[])[] = rows.length > 0 ? [rows] : [];
    for (let part = parts.shift(); part; part = parts.shift()) {
      try {
        await this.#deps.events.insert("runtime_events", part);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
        if (part.length === 1) {
          refused.set(part[0]!, error.message);
          this.#log.error("the event store refused an event", { sensor_id: part[0]!.sensor_id, error: error.message });
        } else {
          const middle = part.length >> 1;
          parts.unshift(part.slice(0, middle), part.slice(middle));
        }
      }
    }
    return refused;
  }

  #durable(entry: Entry, refused: ReadonlyMap<RuntimeEventRow, string>): void {
    this.#leave(entry);
    if (refused.size > 0)
      for (const row of entry.rows)
        if (refused.has(row)) entry.refused.push({ seq: row.seq, pointer: "/", reason: "the event store refused it" });
    const { lane } = entry;
    if (!lane.stale) lane.durableSeq = Math.max(lane.durableSeq, entry.lastSeq);
    this.#deps.onDurable(entry);
    entry.resolve(entry.refused);
  }

  #leave(entry: Entry): void {
    this.#rows -= entry.rows.length;
    this.#bytes -= entry.bytes;
    entry.lane.pending--;
  }

  #failAll(error: AppError): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const entry of queue) {
      this.#leave(entry);
      // The insert may have happened although it seemed to fail: what is stored is asked for before the lane goes on.
      entry.lane.stale = true;
      entry.reject(error);
    }
  }

  async #recover(signal: AbortSignal): Promise<void> {
    while (this.#down && !signal.aborted) {
      await this.#deps.clock.sleep(this.#options.probeMs, signal);
      try {
        await this.#deps.events.ping();
        this.#down = false;
      } catch (error) {
        this.#log.debug("the event store is still down", { error: errorMessage(error) });
      }
    }
    if (signal.aborted) return;
    this.#log.info("the event store answers again");
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
