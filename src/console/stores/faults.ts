import { AppError } from "../../core/error.ts";
import type { Db, EventDb } from "./contract.ts";

/** Rejects when PostgreSQL does not answer, or answers and cannot be written to; the hint says what to do. */
export async function assertWritable(db: Db): Promise<void> {
  const [row] = await db.system(
    (tx) => tx<{ standby: boolean; by_default: string; now: string }[]>`
      SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') AS by_default,
             current_setting('transaction_read_only') AS now`,
  );
  if (row?.standby)
    throw new AppError("unavailable", "PostgreSQL is a standby: it can be read only", {
      hint: "Point --postgres-url at the primary, or promote this server (pg_promote()).",
    });
  if (row?.by_default === "on" || row?.now === "on")
    throw new AppError("unavailable", "PostgreSQL is read-only (default_transaction_read_only is on)", {
      hint: "Switch it off where it was switched on: ALTER SYSTEM, ALTER DATABASE or ALTER ROLE … RESET default_transaction_read_only, then SELECT pg_reload_conf().",
    });
}

/** Tables that no Console works without, whatever its version has beside them. */
export const TABLES = [
  "event_counts",
  "runtime_events",
  "sensor_resources",
  "event_losses",
  "integrity_links",
  "integrity_leaves",
  "queue_rejects",
  "schema_migrations",
];

/** Rejects when ClickHouse does not answer, or lacks a table; the hint says what to do. */
export async function assertTables(events: EventDb): Promise<void> {
  await events.ping();
  const rows = await events.selectSystem<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ({names:Array(String)})",
    { names: TABLES },
  );
  const there = new Set(rows.map((row) => row.name));
  const missing = TABLES.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw new AppError(
    "unavailable",
    `ClickHouse has lost ${missing.length === 1 ? "the table" : "the tables"} ${missing.join(", ")}`,
    {
      hint: "Bring it back from a backup of ClickHouse. To go on with an empty one instead: TRUNCATE TABLE schema_migrations in that database (if it is there) and start the Console again; it makes what is missing and leaves the rest. Events stay with the sensors until then.",
    },
  );
}
