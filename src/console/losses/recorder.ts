import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import { findCause, LOSS_STAGES } from "../../core/event/loss-causes.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { LossRow } from "../ingest/store.ts";
import type { Db } from "../stores/contract.ts";
import { saveLastLosses } from "./store-epochs.ts";

const SAVE_MS = 1_000;

/** What is counted of a loss. */
export type CountedLoss = Pick<LossRow, "sensor_id" | "stage" | "cause" | "count" | "unknown" | "to_at">;

/** Counts losses as they come to the ledger, and notes on each sensor when it last lost something. */
export class LossRecorder implements Service {
  readonly name = "losses";
  readonly #deps: { db: Db; clock: Clock; log: Log };
  readonly #lost: (by: number, labels: { stage: string; cause: string }) => void;
  readonly #unknown: (by: number, labels: { stage: string; cause: string }) => void;
  /** Milliseconds since 1970, by sensor. */
  #last = new Map<string, number>();

  constructor(deps: { db: Db; clock: Clock; log: Log; metrics: Metrics }) {
    this.#deps = deps;
    this.#lost = deps.metrics.counter(
      "telovix_console_losses_total",
      "Events known to be lost, by where on their way and why.",
    );
    this.#unknown = deps.metrics.counter(
      "telovix_console_losses_unknown_total",
      "Losses of which nobody knows how much they took.",
    );
  }

  /** Takes rows that are durable. */
  add(rows: readonly CountedLoss[]): void {
    for (const row of rows) {
      // Names of a sensor are not ours: those that nobody knows share one series.
      const labels = {
        stage: LOSS_STAGES.find((stage) => stage === row.stage) ?? "other",
        cause: findCause(row.cause) ? row.cause : "other",
      };
      if (row.count > 0) this.#lost(row.count, labels);
      if (row.unknown > 0) this.#unknown(row.unknown, labels);
      if (row.count === 0 && row.unknown === 0) continue;
      const atMs = Math.floor(row.to_at / 1000);
      if (atMs > (this.#last.get(row.sensor_id) ?? 0)) this.#last.set(row.sensor_id, atMs);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SAVE_MS, signal);
      await this.save();
    }
  }

  /** Writes what was noted. */
  async save(): Promise<void> {
    if (this.#last.size === 0) return;
    const taken = this.#last;
    this.#last = new Map();
    try {
      await saveLastLosses(this.#deps.db, [...taken]);
    } catch (error) {
      for (const [sensorId, atMs] of taken) if (atMs > (this.#last.get(sensorId) ?? 0)) this.#last.set(sensorId, atMs);
      this.#deps.log.warn("losses could not be noted on their sensors; it is tried again", {
        error: errorMessage(error),
      });
    }
  }
}
