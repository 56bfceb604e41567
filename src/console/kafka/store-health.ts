import { AppError } from "../../core/error.ts";
import type { EventDb } from "../stores/contract.ts";
import { QUEUED_TABLES } from "./topics.ts";

/** A reader that has not looked into its topic for this long does not read. */
const SILENT_SECS = 90;

interface ReaderRow {
  readonly table: string;
  readonly silent_secs: number;
  /** Of the newest trouble, and how long ago; empty when there was none. */
  readonly trouble: string;
  readonly trouble_secs: number;
}

/**
 * Rejects with AppError `unavailable` when ClickHouse does not read the topics: what was acknowledged waits in the cluster then.
 * `attachedSecs` is how long the readers have been there at least: one that was just made has not looked yet.
 */
export async function checkReaders(events: EventDb, attachedSecs: number): Promise<void> {
  const rows = await events.selectSystem<ReaderRow>(
    `SELECT table, dateDiff('second', last_poll_time, now()) AS silent_secs,
            if(empty(exceptions.text), '', exceptions.text[-1]) AS trouble,
            if(empty(exceptions.time), 0, dateDiff('second', exceptions.time[-1], now())) AS trouble_secs
     FROM system.kafka_consumers WHERE database = currentDatabase()`,
  );
  for (const table of QUEUED_TABLES) {
    const row = rows.find((r) => r.table === `${table}_queue`);
    if (!row)
      throw new AppError("unavailable", `ClickHouse has no reader of the queue for ${table}.`, {
        hint: "Restart the Console: it makes the reader.",
      });
    const silentSecs = Math.min(Number(row.silent_secs), Math.floor(attachedSecs));
    if (silentSecs > SILENT_SECS)
      throw new AppError(
        "unavailable",
        `ClickHouse has not read the queue for ${table} for ${silentSecs} s${row.trouble && Number(row.trouble_secs) < SILENT_SECS ? `: ${row.trouble.slice(0, 200)}` : ""}.`,
        { hint: "Events are safe in the Kafka cluster. Check that ClickHouse reaches its brokers." },
      );
  }
}
