import { RETENTION_DEFAULTS, type RetentionDays, type RetentionSettings } from "../../src/core/api/settings.ts";
import type { PreviewState } from "./state.ts";

const GB = 1e9;
const DAY_MS = 86_400_000;

/** Made-up answer of GET /api/v1/settings/retention; `empty` is that of a Console just set up. */
export function makeRetention(
  nowMs: number,
  state: PreviewState,
  days: RetentionDays = RETENTION_DEFAULTS,
): RetentionSettings {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const monday = nowMs - ((new Date(nowMs).getUTCDay() + 6) % 7) * DAY_MS;
  const partitions = Array.from({ length: 9 }, (_, i) => ({
    from: day(monday - i * 7 * DAY_MS),
    to: day(monday - i * 7 * DAY_MS + 6 * DAY_MS),
    rows: i === 0 ? 41_310_224 : 118_204_417 - i * 3_810_120,
    bytes: i === 0 ? 3.1 * GB : (8.7 - i * 0.29) * GB,
  }));
  const sum = (pick: (p: (typeof partitions)[number]) => number): number => partitions.reduce((n, p) => n + pick(p), 0);
  const fresh = {
    tables: [],
    disk: { level: "well", free_bytes: 402 * GB, total_bytes: 480 * GB } as const,
    bytes_per_day: null,
    days_until_full: null,
    last_backup_at: null,
  };
  return {
    days,
    kept: {
      events: { at_least_days: days.events, gone_after_days: days.events + 8 },
      resources: { at_least_days: days.resources, gone_after_days: days.resources + 1 },
      losses: { at_least_days: days.losses, gone_after_days: days.losses + 1 },
    },
    tables: [
      { name: "runtime_events", rows: sum((p) => p.rows), bytes: sum((p) => p.bytes), partitions },
      { name: "sensor_resources", rows: 20_736_000, bytes: 0.61 * GB, partitions: [] },
      { name: "integrity_links", rows: 1_204_117, bytes: 0.14 * GB, partitions: [] },
      { name: "event_losses", rows: 214, bytes: 18_204, partitions: [] },
    ],
    disk: { level: "nearly_full", free_bytes: 31.4 * GB, total_bytes: 480 * GB },
    bytes_per_day: 1.21 * GB,
    days_until_full: 25,
    last_backup_at: new Date(nowMs - 7 * 3_600_000).toISOString(),
    ...(state === "empty" ? fresh : {}),
  };
}

/** Made-up answer of GET /readyz. */
export function makeReady(state: PreviewState): object {
  const action =
    "Free space on that disk or make it larger; keep less (Settings, Storage); or move the events to a ClickHouse of their own (telovix console store migrate).";
  const problem = "the disk is nearly full (29.2 GiB of 447.0 GiB are left)";
  const down = {
    name: "postgresql",
    ok: false,
    problem: "PostgreSQL is read-only (default_transaction_read_only is on)",
    action:
      "Switch it off where it was switched on: ALTER SYSTEM, ALTER DATABASE or ALTER ROLE … RESET default_transaction_read_only, then SELECT pg_reload_conf().",
  };
  return {
    stores: [
      state === "error" || state === "away" ? down : { name: "postgresql", ok: true },
      state === "error"
        ? { name: "disk", ok: false, optional: true, problem, action }
        : { name: "disk", ok: true, optional: true },
    ],
  };
}
