import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { EventDb } from "../stores/contract.ts";

const WRITE_MS = 1_000;
/** A quarter of an hour of heartbeats of 1,000 sensors: sparklines may have gaps, the Console may not fall over. */
const MAX_SAMPLES = 60_000;

/** A row of `sensor_resources`. */
export interface ResourceRow {
  tenant_id: string;
  sensor_id: string;
  /** Milliseconds since 1970. */
  at: number;
  cpu_percent: number;
  memory_percent: number;
  disk_percent: number;
  load_1m: number;
  network_rx_bytes: number;
  network_tx_bytes: number;
  sensor_rss_bytes: number;
  engine_rss_bytes: number;
  sensor_cpu_percent: number;
  engine_cpu_percent: number;
  events_total: number;
  events_lost: number;
  spool_depth: number;
}

/** Gathers what heartbeats bring for the event store and writes it once a second; what finds no room is counted. */
export class Samples implements Service {
  readonly name = "heartbeat samples";
  readonly #deps: { events: EventDb; clock: Clock; log: Log };
  readonly #dropped: (by: number, labels: { table: string }) => void;
  #resources: ResourceRow[] = [];

  constructor(deps: { events: EventDb; clock: Clock; log: Log; metrics: Metrics }) {
    this.#deps = deps;
    this.#dropped = deps.metrics.counter(
      "telovix_console_samples_dropped_total",
      "Samples given up because the event store was away too long.",
    );
  }

  add(row: ResourceRow): void {
    if (this.#resources.length < MAX_SAMPLES) this.#resources.push(row);
    else this.#dropped(1, { table: "sensor_resources" });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(WRITE_MS, signal);
      await this.#write();
    }
    await this.#write();
  }

  async #write(): Promise<void> {
    const rows = this.#resources;
    this.#resources = [];
    if (rows.length === 0) return;
    const table = "sensor_resources";
    try {
      await this.#deps.events.insert(table, rows);
    } catch (error) {
      // The same rows would fail for ever and hold up all others.
      if (error instanceof AppError && error.code === "invalid_request") {
        this.#dropped(rows.length, { table });
        this.#deps.log.error("samples do not fit their table", { table, error });
        return;
      }
      this.#deps.log.warn("samples could not be written; they are tried again", { table, error: errorMessage(error) });
      this.#resources = [...rows, ...this.#resources];
    }
  }
}
