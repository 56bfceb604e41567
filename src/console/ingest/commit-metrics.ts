import type { Metrics } from "../../core/metrics.ts";
import type { Pressure } from "./pressure.ts";
import type { StoreOutage } from "./store-outage.ts";

/** What inserts count. */
export interface CommitMetrics {
  /** An insert of so many rows became durable, after so many milliseconds. */
  readonly inserted: (rows: number, ms: number) => void;
  readonly failed: () => void;
}

/** Names the metrics of the way into the event store. */
export function commitMetrics(metrics: Metrics, pressure: Pressure, outage: StoreOutage): CommitMetrics {
  const groups = metrics.histogram("telovix_console_commit_rows", "Rows of an insert.", [10, 100, 1_000, 10_000]);
  const times = metrics.histogram(
    "telovix_console_commit_ms",
    "Milliseconds until an insert was durable.",
    [25, 50, 100, 200, 500, 1_000, 5_000],
  );
  const failures = metrics.counter(
    "telovix_console_commit_failures_total",
    "Inserts that failed; their events stay with the sensors.",
  );
  const pending = metrics.gauge(
    "telovix_console_ingest_pending_rows",
    "Events, losses and refusals taken and not yet durable.",
  );
  const pendingBytes = metrics.gauge("telovix_console_ingest_pending_bytes", "Memory they hold, about.");
  const down = metrics.gauge("telovix_console_event_store_down", "1 while the event store refuses inserts.");
  metrics.onCollect(() => {
    pending(pressure.rows);
    pendingBytes(pressure.bytes);
    down(outage.down ? 1 : 0);
  });
  return {
    inserted: (rows, ms) => {
      groups(rows);
      times(ms);
    },
    failed: () => failures(),
  };
}
