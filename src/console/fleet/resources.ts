import type { SensorResources } from "../../core/api/sensors.ts";
import { AppError } from "../../core/error.ts";
import type { ResourceBucket } from "./store.ts";

const UNIT_SECS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const MAX_SINCE_SECS = 30 * 86_400;
const MAX_POINTS = 240;
const HEARTBEAT_SECS = 15;

/** `1h` as seconds, up to 30 days; throws AppError `invalid_request`. */
export function parseSince(text: string | undefined): number {
  const match = /^([0-9]{1,4})([smhd])$/.exec(text ?? "1h");
  const secs = match ? Number(match[1]) * UNIT_SECS[match[2] as keyof typeof UNIT_SECS] : 0;
  if (secs < 60 || secs > MAX_SINCE_SECS)
    throw new AppError("invalid_request", "/since: from 60s to 30d, like 15m, 1h or 7d", { pointer: "/since" });
  return secs;
}

/** Step that gives at most 240 points, a whole number of heartbeats. */
export function stepFor(sinceSecs: number): number {
  return Math.max(1, Math.ceil(sinceSecs / MAX_POINTS / HEARTBEAT_SECS)) * HEARTBEAT_SECS;
}

/** Growth per second between two readings of a counter; a counter that began anew grew by what it shows. */
function perSec(now: number, before: number, secs: number): number {
  return secs <= 0 ? 0 : (now >= before ? now - before : now) / secs;
}

/** Points from stored steps. A step without heartbeats gives none, and rates never reach across a gap. */
export function toResources(rows: readonly ResourceBucket[], stepSecs: number): SensorResources {
  return {
    step_secs: stepSecs,
    points: rows.map((row, i) => {
      const before = rows[i - 1];
      const adjacent = before !== undefined && row.bucket - before.bucket <= 2 * stepSecs ? before : undefined;
      const secs = adjacent ? (row.last_at_ms - adjacent.last_at_ms) / 1000 : 0;
      const rate = (key: "network_rx_bytes" | "network_tx_bytes" | "events_total"): number =>
        adjacent ? perSec(Number(row[key]), Number(adjacent[key]), secs) : 0;
      return {
        at: new Date(row.bucket * 1000).toISOString(),
        cpu_percent: row.cpu_percent,
        memory_percent: row.memory_percent,
        disk_percent: row.disk_percent,
        load_1m: row.load_1m,
        network_rx_bytes_per_sec: rate("network_rx_bytes"),
        network_tx_bytes_per_sec: rate("network_tx_bytes"),
        sensor_rss_bytes: row.sensor_rss_bytes,
        engine_rss_bytes: row.engine_rss_bytes,
        sensor_cpu_percent: row.sensor_cpu_percent,
        engine_cpu_percent: row.engine_cpu_percent,
        events_per_sec: rate("events_total"),
        spool_depth: row.spool_depth,
      };
    }),
  };
}
