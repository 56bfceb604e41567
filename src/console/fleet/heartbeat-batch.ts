import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { SectionUpdate } from "../inventory/store.ts";
import type { Db } from "../stores/contract.ts";
import { recordHeartbeats, type Before, type HeartbeatUpdate, type Recorded } from "./store-heartbeat.ts";

/** While many come, this long lies between the beginnings of two transactions. */
const SPACING_MS = 200;
/** So many in one transaction make the next one wait for more. */
const MANY = 4;
const MAX_BATCH = 1_000;
const MAX_BATCH_CHARS = 8 * 1024 * 1024;
const MAX_WAITING = 20_000;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;

/** A heartbeat on its way to the record. */
export interface PendingHeartbeat {
  readonly tenantId: string;
  readonly sensorId: string;
  /** What it says, given what was there before. */
  readonly update: (before: Before) => HeartbeatUpdate;
  /** Sections it brought; those that are stored already are left out. */
  readonly sections: readonly SectionUpdate[];
  readonly observedAt: Date;
}

interface Entry extends PendingHeartbeat {
  readonly chars: number;
  readonly resolve: (before: Before | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes heartbeats of many sensors together: 10,000 sensors send 667 a second. A lone heartbeat is written at once; while many
 * come they share a transaction. Each is answered when it is on the record.
 */
export class HeartbeatBatch {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #rows: (value: number) => void;
  readonly #failed: () => void;
  #queue: Entry[] = [];
  #chars = 0;
  #running = false;

  constructor(deps: { db: Db; clock: Clock; metrics: Metrics }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    const { metrics } = deps;
    this.#rows = metrics.histogram(
      "telovix_console_heartbeat_rows",
      "Heartbeats written in one transaction.",
      [1, 10, 100, 500],
    );
    this.#failed = metrics.counter(
      "telovix_console_heartbeats_failed_total",
      "Heartbeats that could not be put on the record.",
    );
  }

  /**
   * Resolves once the heartbeat is on the record, with what was there before; undefined when the tenant has no such sensor.
   * Rejects with AppError `unavailable` when PostgreSQL does not answer or too many wait.
   */
  record(pending: PendingHeartbeat): Promise<Before | undefined> {
    let chars = 4_096;
    for (const { sizeChars } of pending.sections) chars += sizeChars;
    if (this.#queue.length >= MAX_WAITING || this.#chars + chars > MAX_WAITING_CHARS)
      throw new AppError("unavailable", "Too many heartbeats wait to be written.", { retryAfterSecs: 5 });
    const { promise, resolve, reject } = Promise.withResolvers<Before | undefined>();
    this.#queue.push({ ...pending, chars, resolve, reject });
    this.#chars += chars;
    if (!this.#running) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#running = true;
    // What comes in the same turn of the event loop goes along.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const startMs = this.#clock.monotonicMs();
      const batch = this.#take();
      await this.#write(batch);
      const leftMs = SPACING_MS - (this.#clock.monotonicMs() - startMs);
      if (batch.length >= MANY && leftMs > 0 && this.#queue.length < MAX_BATCH) await this.#clock.sleep(leftMs);
    }
    this.#running = false;
  }

  /** The next batch: one heartbeat a sensor, since each builds on the one before. */
  #take(): Entry[] {
    const batch: Entry[] = [];
    const rest: Entry[] = [];
    const seen = new Set<string>();
    let chars = 0;
    for (const entry of this.#queue) {
      const fits = batch.length === 0 || (batch.length < MAX_BATCH && chars + entry.chars <= MAX_BATCH_CHARS);
      if (!fits || seen.has(entry.sensorId)) {
        rest.push(entry);
        continue;
      }
      seen.add(entry.sensorId);
      batch.push(entry);
      chars += entry.chars;
    }
    this.#queue = rest;
    this.#chars -= chars;
    return batch;
  }

  async #write(batch: readonly Entry[]): Promise<void> {
    try {
      const answers = new Map<Entry, Before | undefined>();
      await recordHeartbeats(
        this.#db,
        batch.map((entry) => entry.sensorId),
        (before) => this.#decide(batch, before, answers),
      );
      this.#rows(batch.length);
      for (const entry of batch) entry.resolve(answers.get(entry));
    } catch (error) {
      const away = error instanceof AppError && error.code === "unavailable";
      if (away || batch.length === 1) {
        for (const entry of batch) {
          this.#failed();
          entry.reject(error);
        }
        return;
      }
      // One that PostgreSQL refuses must cost its own sensor only: it is searched for by halves.
      const middle = batch.length >> 1;
      await this.#write(batch.slice(0, middle));
      await this.#write(batch.slice(middle));
    }
  }

  #decide(
    batch: readonly Entry[],
    before: ReadonlyMap<string, Before>,
    answers: Map<Entry, Before | undefined>,
  ): Recorded[] {
    return batch.flatMap((entry) => {
      const row = before.get(entry.sensorId);
      const own = row?.tenant_id === entry.tenantId ? row : undefined;
      answers.set(entry, own);
      if (!own) return [];
      const { tenantId, sensorId, observedAt } = entry;
      const sections = entry.sections.filter(({ section, hash }) => own.hashes.get(section) !== hash);
      return [{ tenantId, sensorId, observedAt, sections, update: entry.update(own) }];
    });
  }
}
