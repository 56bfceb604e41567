import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { SeqRange } from "../ingest/seq-ranges.ts";
import type { LossRow } from "../ingest/store.ts";
import type { EventDb } from "../stores/contract.ts";
import { free } from "./gaps.ts";
import { findAccounted, findBefore, findBehind, listRecent } from "./store-second-look.ts";

const TICK_MS = 1_000;
/** After so long each row is looked at: an insert takes seconds, a minute at most; what waits in a queue may take longer. */
const LOOKS_MS = [3_000, 15_000, 40_000, 90_000, 180_000, 300_000, 600_000, 1_800_000, 3_600_000] as const;
/** Where something was found, more is on its way: so long after that it is looked at again. */
const AGAIN_MS = 15_000;
const MAX_WATCHED = 20_000;
const ROWS_AT_ONCE = 64;

interface Watched {
  readonly row: LossRow;
  /** When it was recorded, and when it is looked at next; by the clock that never goes back. */
  readonly sinceMs: number;
  dueMs: number;
}

export interface SecondLookDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told of each row that was set right. */
  readonly onCorrected: (row: LossRow) => void;
}

/**
 * The rows that take the place of one of whose numbers some are accounted for elsewhere; none when it is right as it is. Pure.
 */
export function correctionsOf(row: LossRow, accounted: readonly SeqRange[], nowMs: number): LossRow[] {
  if (accounted.length === 0) return [];
  const recorded_at = Math.max(nowMs, row.recorded_at + 1);
  const left = free(row.from_seq, row.to_seq, accounted).map(([from_seq, to_seq]) => ({
    ...row,
    from_seq,
    to_seq,
    count: to_seq - from_seq + 1,
    recorded_at,
  }));
  // A row is named by where it begins: one that begins elsewhere now leaves nothing there.
  return left[0]?.from_seq === row.from_seq ? left : [{ ...row, to_seq: row.from_seq, count: 0, recorded_at }, ...left];
}

/** How old a row is, in milliseconds, when it is looked at next; `found`: this time some of it was accounted for. Undefined: not any more. */
export function nextLookMs(ageMs: number, found: boolean): number | undefined {
  const next = LOOKS_MS.find((ms) => ms > ageMs);
  if (!found) return next;
  return Math.min(next ?? Number.POSITIVE_INFINITY, ageMs + AGAIN_MS);
}

/** Whoever wrote it had just been started, and knew of no event before it. */
const isInstant = (row: LossRow): boolean => row.from_at === row.to_at;
/** Nothing had come behind it when it was written. */
const isOpen = (row: LossRow): boolean => row.to_at === row.recorded_at * 1000;

const keyOf = ({ sensor_id, source, epoch, stage, cause, from_seq }: LossRow): string =>
  [sensor_id, source, epoch, stage, cause, from_seq].join("/");

/**
 * Looks at losses again a while after they were written. A sensor that comes to another process, or back to one that was killed, tells
 * of numbers it gave up while an insert that has them is still under way, at the engine or in a queue before it: nobody can know of it
 * at that moment. What is stored after all, or counted twice, is taken out of the ledger again. Nor does a Console that has just been
 * started know when the last event before a loss was, or any when the next one will be: both are looked up here.
 */
export class SecondLook implements Service {
  readonly name = "second look at losses";
  readonly #deps: SecondLookDeps;
  readonly #watched = new Map<string, Watched>();
  readonly #found: (by: number) => void;
  readonly #unwatched: () => void;
  #begun = false;

  constructor(deps: SecondLookDeps) {
    this.#deps = deps;
    this.#found = deps.metrics.counter(
      "telovix_console_losses_found_total",
      "Events that stood in the ledger of losses and were stored after all, or stood there twice.",
    );
    this.#unwatched = deps.metrics.counter(
      "telovix_console_losses_unwatched_total",
      "Losses that are not looked at again: too many came.",
    );
    const watched = deps.metrics.gauge("telovix_console_losses_watched", "Losses that will be looked at again.");
    deps.metrics.onCollect(() => watched(this.#watched.size));
  }

  /** Takes rows that are durable. */
  add(rows: readonly LossRow[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const row of rows)
      if (row.source !== "event" && row.count > 0) this.#watch({ row, sinceMs: nowMs, dueMs: nowMs + LOOKS_MS[0] });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(TICK_MS, signal);
      await this.turn();
    }
  }

  /** Looks at what is due. A store that does not answer leaves it for the next time. */
  async turn(): Promise<void> {
    try {
      if (!this.#begun) await this.#begin();
      const nowMs = this.#deps.clock.monotonicMs();
      const due = [...this.#watched.values()].filter(({ dueMs }) => dueMs <= nowMs);
      for (let i = 0; i < due.length; i += ROWS_AT_ONCE) await this.#look(due.slice(i, i + ROWS_AT_ONCE), nowMs);
    } catch (error) {
      this.#deps.log.debug("losses could not be looked at again; it is tried on", { error: errorMessage(error) });
    }
  }

  /** What the Console before this one wrote and did not live to look at. */
  async #begin(): Promise<void> {
    const { events, clock } = this.#deps;
    const rows = await listRecent(events, clock.nowMs() - LOOKS_MS.at(-1)!, MAX_WATCHED);
    this.#begun = true;
    const nowMs = clock.monotonicMs();
    for (const row of rows.toReversed()) {
      const sinceMs = nowMs - Math.max(0, clock.nowMs() - row.recorded_at);
      if (!this.#watched.has(keyOf(row))) this.#watch({ row, sinceMs, dueMs: nowMs + LOOKS_MS[0] });
    }
  }

  async #look(due: readonly Watched[], nowMs: number): Promise<void> {
    const { events, clock, log, onCorrected } = this.#deps;
    const accounted = await findAccounted(
      events,
      due.map(({ row }) => row),
    );
    const corrected = new Map<Watched, readonly LossRow[]>();
    for (const [i, watched] of due.entries()) {
      const rows = correctionsOf(watched.row, accounted[i]!, clock.nowMs());
      if (rows.length > 0) corrected.set(watched, rows);
    }
    const sum = (rows: readonly LossRow[]): number => rows.reduce((n, { count }) => n + count, 0);
    const count = sum([...corrected.keys()].map(({ row }) => row)) - sum([...corrected.values()].flat());
    const numbers = [...corrected.keys()].map(({ row }) => row);
    const loose = due.filter((watched) => (isInstant(watched.row) || isOpen(watched.row)) && !corrected.has(watched));
    const times = await this.#timesOf(loose.map(({ row }) => row));
    for (const [i, watched] of loose.entries()) {
      const { row } = watched;
      const { from_at, to_at } = times[i]!;
      const recorded_at = Math.max(clock.nowMs(), row.recorded_at + 1);
      if (from_at !== row.from_at || to_at !== row.to_at)
        corrected.set(watched, [{ ...row, from_at, to_at, recorded_at }]);
    }
    if (corrected.size > 0) await events.insert("event_losses", [...corrected.values()].flat());
    if (count > 0) {
      this.#found(count);
      log.info("events that were thought lost are stored after all; the ledger is set right", { count });
    }
    for (const row of numbers) onCorrected(row);
    const found = new Set(numbers);
    for (const watched of due) {
      this.#watched.delete(keyOf(watched.row));
      const rows = corrected.get(watched);
      const next = nextLookMs(nowMs - watched.sinceMs, found.has(watched.row));
      if (next === undefined) continue;
      for (const row of rows ?? [watched.row])
        if (row.count > 0) this.#watch({ ...watched, row, dueMs: watched.sinceMs + next });
    }
  }

  /** When each of some rows began and ended, as far as that is known by now. */
  async #timesOf(rows: readonly LossRow[]): Promise<Pick<LossRow, "from_at" | "to_at">[]> {
    if (rows.length === 0) return [];
    const { events } = this.#deps;
    const [before, behind] = await Promise.all([findBefore(events, rows), findBehind(events, rows)]);
    return rows.map((row, i) => ({
      from_at: isInstant(row) && before[i]! > 0 ? before[i]! : row.from_at,
      to_at: isOpen(row) && behind[i]! > 0 ? behind[i]! : row.to_at,
    }));
  }

  #watch(watched: Watched): void {
    const key = keyOf(watched.row);
    if (!this.#watched.has(key) && this.#watched.size >= MAX_WATCHED) {
      this.#watched.delete(this.#watched.keys().next().value!);
      this.#unwatched();
    }
    this.#watched.set(key, watched);
  }
}
