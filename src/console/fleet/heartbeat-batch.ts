import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Db } from "../stores/contract.ts";
import { OwedHeartbeats, type Answered, type PendingHeartbeat } from "./owed-heartbeats.ts";
import { findBefore, recordHeartbeats, type Before, type Recorded } from "./store-heartbeat.ts";

/** While many come, this long lies between the beginnings of two transactions. */
const SPACING_MS = 200;
/** So many in one transaction make the next one wait for more. */
const MANY = 4;
const MAX_BATCH = 1_000;
const MAX_BATCH_CHARS = 8 * 1024 * 1024;
const MAX_WAITING = 20_000;
/** Of a heartbeat without its sections, about. */
const OWN_CHARS = 4_096;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;

interface Entry extends PendingHeartbeat {
  readonly chars: number;
  readonly resolve: (before: Answered | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** It was answered before. */
  readonly owed?: true;
}

const nobody = (): void => {};

/**
 * Writes heartbeats of many sensors together: 10,000 sensors send 667 a second. A lone heartbeat is written at once; while many
 * come they share a transaction. Each is answered when it is on the record. While PostgreSQL takes none (its disk is full, say) sensors
 * are answered all the same, and what they said last goes on the record with the first heartbeat that does.
 */
export class HeartbeatBatch {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #rows: (value: number) => void;
  readonly #failed: () => void;
  readonly #fromMemory: () => void;
  readonly #owed = new OwedHeartbeats();
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
    this.#fromMemory = metrics.counter(
      "telovix_console_heartbeats_owed_total",
      "Heartbeats that were answered though they could not be put on the record yet.",
    );
    const owed = metrics.gauge("telovix_console_heartbeats_owed", "Sensors whose last heartbeat is not on the record.");
    metrics.onCollect(() => owed(this.#owed.size));
  }

  /** When a sensor was heard that this is not on the record of yet, milliseconds since 1970. */
  heardMs(sensorId: string): number | undefined {
    return this.#owed.heardMs(sensorId);
  }

  /**
   * Resolves once the heartbeat is on the record, or kept for it while PostgreSQL takes none, with what was there before; undefined when
   * the tenant has no such sensor. Rejects with AppError `unavailable` when PostgreSQL does not answer and the sensor is not known from
   * before, or too many wait.
   */
  record(pending: PendingHeartbeat): Promise<Answered | undefined> {
    let chars = OWN_CHARS;
    for (const { sizeChars } of pending.sections) chars += sizeChars;
    if (this.#queue.length >= MAX_WAITING || this.#chars + chars > MAX_WAITING_CHARS)
      throw new AppError("unavailable", "Too many heartbeats wait to be written.", { retryAfterSecs: 5 });
    const { promise, resolve, reject } = Promise.withResolvers<Answered | undefined>();
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
      for (const entry of batch) {
        const before = answers.get(entry);
        if (before) this.#owed.recorded(entry, before);
        entry.resolve(before);
      }
      this.#payOwed();
    } catch (error) {
      const away = error instanceof AppError && error.code === "unavailable";
      if (away) await this.#readUnknown(batch);
      if (away || batch.length === 1) {
        for (const entry of batch) this.#fail(entry, away, error);
        return;
      }
      // One that PostgreSQL refuses must cost its own sensor only: it is searched for by halves.
      const middle = batch.length >> 1;
      await this.#write(batch.slice(0, middle));
      await this.#write(batch.slice(middle));
    }
  }

  /** A disk that is full still lets read. */
  async #readUnknown(batch: readonly Entry[]): Promise<void> {
    const unknown = batch.map((entry) => entry.sensorId).filter((id) => !this.#owed.knows(id));
    if (unknown.length === 0) return;
    try {
      for (const before of (await findBefore(this.#db, unknown)).values()) this.#owed.learn(before);
    } catch {
      // Nothing can be asked: they are told so.
    }
  }

  #fail(entry: Entry, away: boolean, error: unknown): void {
    this.#failed();
    if (entry.owed && !away) this.#owed.forget(entry.sensorId);
    const known = away ? this.#owed.owe(entry) : undefined;
    if (!known) return entry.reject(error);
    if (!entry.owed) this.#fromMemory();
    entry.resolve(known);
  }

  /** PostgreSQL takes heartbeats again: those that were answered before go on the record, too. */
  #payOwed(): void {
    if (this.#owed.size === 0) return;
    const waiting = new Set(this.#queue.map((entry) => entry.sensorId));
    let room = MAX_BATCH;
    for (const pending of this.#owed.list()) {
      if (waiting.has(pending.sensorId)) continue;
      // The rest with the next ones: those that come now have waited for nothing yet.
      if (room-- === 0) break;
      const entry = { ...pending, chars: OWN_CHARS, resolve: nobody, reject: nobody, owed: true } as const;
      this.#queue.push(entry);
      this.#chars += entry.chars;
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
      // Another process has recorded a newer one meanwhile.
      if (entry.owed && own.last_seen_at && own.last_seen_at.getTime() >= entry.atMs) return [];
      const { tenantId, sensorId, observedAt } = entry;
      const sections = entry.sections.filter(({ section, hash }) => own.hashes.get(section) !== hash);
      return [{ tenantId, sensorId, observedAt, sections, update: entry.update(own) }];
    });
  }
}
