import { AppError } from "../../core/error.ts";
import type { EventDb } from "../stores/contract.ts";
import { partsOf, queueOf } from "./store-reader-parts.ts";
import { QUEUED_TABLES } from "./topics.ts";

/** A reader that has not looked into its topic for this long does not read. */
const SILENT_SECS = 90;

interface ReaderRow {
  readonly table: string;
  /** Never more than the reader and the server have been there: one that was just made has not looked yet. */
  readonly silent_secs: number;
  /** Of the newest trouble, and how long ago; empty when there was none. */
  readonly trouble: string;
  readonly trouble_secs: number;
}

async function assertWhole(events: EventDb): Promise<void> {
  const parts = QUEUED_TABLES.flatMap(partsOf);
  const named = (table: string, column: string): Promise<{ name: string }[]> =>
    events.selectSystem<{ name: string }>(
      `SELECT ${column} AS name FROM system.${table} WHERE database = currentDatabase() AND ${column} IN ({parts:Array(String)})`,
      { parts },
    );
  const there = new Set((await named("tables", "name")).map((row) => row.name));
  const missing = parts.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  // Servers of 24.8 do not tell.
  const detached = (await named("detached_tables", "table").catch(() => [])).map((row) => row.name);
  // A view that is attached under a read is behind the next read only: the Kafka table is taken away first.
  const reads = QUEUED_TABLES.some(
    (table) => there.has(queueOf(table)) && detached.some((name) => partsOf(table).includes(name)),
  );
  const hint =
    detached.length === 0
      ? "The Console makes them anew within a minute; its log says why if it cannot."
      : reads
        ? "Somebody has detached a part. The Console stops the reading within a minute, and says then how to go on."
        : `Somebody has detached a part. To go on: ${detached.map((name) => `ATTACH TABLE ${name};`).join(" ")} The Console makes the rest.`;
  throw new AppError("unavailable", `ClickHouse's readers of the queue lack ${missing.join(", ")}`, {
    hint: `${hint} Events are safe in the Kafka cluster until then.`,
  });
}

/** Rejects with AppError `unavailable` when ClickHouse does not read the topics: what was acknowledged waits in the cluster then. */
export async function checkReaders(events: EventDb): Promise<void> {
  await assertWhole(events);
  const rows = await events.selectSystem<ReaderRow>(
    `SELECT c.table AS table,
            least(dateDiff('second', c.last_poll_time, now()), dateDiff('second', t.metadata_modification_time, now()), toInt64(uptime())) AS silent_secs,
            if(empty(c.exceptions.text), '', c.exceptions.text[-1]) AS trouble,
            if(empty(c.exceptions.time), 0, dateDiff('second', c.exceptions.time[-1], now())) AS trouble_secs
     FROM system.kafka_consumers AS c INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
     WHERE c.database = currentDatabase() AND t.database = currentDatabase()`,
  );
  for (const table of QUEUED_TABLES) {
    const row = rows.find((r) => r.table === queueOf(table));
    if (!row)
      throw new AppError("unavailable", `ClickHouse has no reader of the queue for ${table}.`, {
        hint: "Restart the Console: it makes the reader.",
      });
    const silentSecs = Number(row.silent_secs);
    if (silentSecs > SILENT_SECS)
      throw new AppError(
        "unavailable",
        `ClickHouse has not read the queue for ${table} for ${silentSecs} s${row.trouble && Number(row.trouble_secs) < SILENT_SECS ? `: ${row.trouble.slice(0, 200)}` : ""}.`,
        { hint: "Events are safe in the Kafka cluster. Check that ClickHouse reaches its brokers." },
      );
  }
}
