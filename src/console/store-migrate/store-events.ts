import { Readable } from "node:stream";
import type { ClickHouseClient } from "@clickhouse/client";
import { wholeLines } from "./lines.ts";
import type { Fingerprint } from "./store-state.ts";

/** A table of the event store, as far as moving its rows needs to know it. */
export interface EventTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Rows that are the same by their key count once. */
  readonly final: boolean;
  /** The time that its partitions go by; undefined: it is moved as one piece. */
  readonly time: string | undefined;
  /** When a row ends, as an expression; undefined: never. */
  readonly ttl: string | undefined;
}

/** A day of a partition; without a time column the whole of it. */
export interface Slice {
  readonly table: EventTable;
  readonly partitionId: string;
  readonly day: string;
  /** Rows that end before this second (since 1970) are left out. */
  readonly endsAfterSecs: number;
  /** Rows before this second are left out, where the table goes by time. */
  readonly fromSecs?: number;
}

const STAGING = "telovix_copy_";
const CHUNK_BYTES = 24 * 1024 * 1024;
const SETTINGS = { max_execution_time: 0, date_time_output_format: "iso" } as const;

const id = (name: string): string => `\`${name.replaceAll("`", "")}\``;
const text = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const list = (table: EventTable): string => table.columns.map(id).join(", ");

async function rowsOf<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const result = await client.query({ query, format: "JSONEachRow", clickhouse_settings: SETTINGS });
  return result.json<Row>();
}

/** Tables that hold events and what belongs to them. */
export async function listEventTables(client: ClickHouseClient): Promise<readonly EventTable[]> {
  const rows = await rowsOf<{
    name: string;
    engine: string;
    full: string;
    partition: string;
    columns: string[];
    times: string[];
  }>(
    client,
    `SELECT t.name AS name, t.engine AS engine, t.engine_full AS full, t.partition_key AS partition,
       groupArrayIf(c.name, c.default_kind NOT IN ('MATERIALIZED', 'ALIAS')) AS columns,
       groupArrayIf(c.name, startsWith(c.type, 'Date')) AS times
     FROM system.tables AS t
     INNER JOIN (SELECT * FROM system.columns WHERE database = currentDatabase() ORDER BY position) AS c ON c.table = t.name
     WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' AND NOT startsWith(t.name, '.')
       AND t.name != 'schema_migrations' AND NOT startsWith(t.name, ${text(STAGING)})
     GROUP BY name, engine, full, partition ORDER BY name`,
  );
  return rows.map(({ name, engine, full, partition, columns, times }) => ({
    name,
    columns,
    final: engine !== "MergeTree",
    time: /\((\w+)\)/
      .exec(partition)
      ?.slice(1)
      .find((column) => times.includes(column)),
    ttl: /\sTTL (.+?)(?: SETTINGS |$)/s.exec(full)?.[1],
  }));
}

/** Partitions with rows, oldest first. */
export async function listPartitions(client: ClickHouseClient, table: string): Promise<readonly string[]> {
  const rows = await rowsOf<{ id: string }>(
    client,
    `SELECT DISTINCT partition_id AS id FROM system.parts WHERE database = currentDatabase() AND table = ${text(table)} AND active AND rows > 0 ORDER BY id`,
  );
  return rows.map((r) => r.id);
}

function where({ table, partitionId, day, endsAfterSecs, fromSecs }: Slice): string {
  const parts = [`_partition_id = ${text(partitionId)}`];
  if (table.time !== undefined && day !== "") parts.push(`toDate(${id(table.time)}) = ${text(day)}`);
  if (table.time !== undefined && fromSecs !== undefined)
    parts.push(`toUnixTimestamp(toDateTime(${id(table.time)})) >= ${fromSecs}`);
  if (table.ttl !== undefined && endsAfterSecs > 0)
    parts.push(`toUnixTimestamp(toDateTime(${table.ttl})) > ${endsAfterSecs}`);
  return parts.join(" AND ");
}

/** Count and hash of each day of a partition. `name` stands for the table when rows lie in its staging table. */
export async function fingerprintEvents(
  client: ClickHouseClient,
  slice: Omit<Slice, "day">,
  name = slice.table.name,
): Promise<Map<string, Fingerprint>> {
  const { table } = slice;
  const day = table.time === undefined ? "''" : `toString(toDate(${id(table.time)}))`;
  const rows = await rowsOf<{ day: string; rows: string; hash: string }>(
    client,
    `SELECT ${day} AS day, toString(count()) AS rows, toString(sum(cityHash64(formatRow('TabSeparated', ${list(table)})))) AS hash
     FROM ${id(name)} ${table.final ? "FINAL" : ""} WHERE ${where({ ...slice, day: "" })} GROUP BY day ORDER BY day`,
  );
  return new Map(rows.map((r) => [r.day, { rows: Number(r.rows), hash: r.hash }]));
}

/** Rows of a slice. */
export async function countRows(client: ClickHouseClient, slice: Slice): Promise<number> {
  const { table } = slice;
  const rows = await rowsOf<{ n: number }>(
    client,
    `SELECT count() AS n FROM ${id(table.name)} ${table.final ? "FINAL" : ""} WHERE ${where(slice)}`,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Rows of a slice as lines, in pieces that end with a line. */
export async function* readEvents(client: ClickHouseClient, slice: Slice): AsyncGenerator<Buffer> {
  const { table } = slice;
  const { stream } = await client.exec({
    query: `SELECT ${list(table)} FROM ${id(table.name)} ${table.final ? "FINAL" : ""} WHERE ${where(slice)} FORMAT TabSeparated`,
    clickhouse_settings: SETTINGS,
  });
  yield* wholeLines(stream as AsyncIterable<Buffer>, CHUNK_BYTES);
}

/** Inserts lines of `readEvents`; resolves once they are stored. */
export async function writeEvents(
  client: ClickHouseClient,
  name: string,
  columns: readonly string[],
  lines: Buffer,
): Promise<void> {
  await client.insert({
    table: name,
    columns: [...columns] as [string, ...string[]],
    values: Readable.from([lines], { objectMode: false }),
    format: "TabSeparated",
    clickhouse_settings: { ...SETTINGS, max_partitions_per_insert_block: "0", date_time_input_format: "best_effort" },
  });
}

/** The table that rows of a partition are gathered in before they appear all at once; made when it is missing. */
export async function openStaging(client: ClickHouseClient, table: EventTable): Promise<string> {
  const name = `${STAGING}${table.name}`;
  await client.command({ query: `CREATE TABLE IF NOT EXISTS ${id(name)} AS ${id(table.name)}` });
  await stopExpiry(client, name);
  return name;
}

/** Nothing may end by age while it is counted. A server that forbids this is counted with a margin all the same. */
export async function stopExpiry(client: ClickHouseClient, name: string): Promise<void> {
  await client.command({ query: `SYSTEM STOP TTL MERGES ${id(name)}` }).catch(() => undefined);
}

export async function startExpiry(client: ClickHouseClient, name: string): Promise<void> {
  await client.command({ query: `SYSTEM START TTL MERGES ${id(name)}` }).catch(() => undefined);
}

/** Takes a half-written day out again. */
export async function clearDay(client: ClickHouseClient, name: string, slice: Slice): Promise<void> {
  await client.command({
    query: `ALTER TABLE ${id(name)} DELETE WHERE ${where({ ...slice, endsAfterSecs: 0 })}`,
    clickhouse_settings: { mutations_sync: "2" },
  });
}

/** Puts the gathered partition in the place of the table's own, at once. */
export async function publish(
  client: ClickHouseClient,
  table: string,
  staging: string,
  partitionId: string,
): Promise<void> {
  await client.command({
    query: `ALTER TABLE ${id(table)} REPLACE PARTITION ID ${text(partitionId)} FROM ${id(staging)}`,
  });
  await client.command({ query: `ALTER TABLE ${id(staging)} DROP PARTITION ID ${text(partitionId)}` });
}

export async function dropStaging(client: ClickHouseClient, table: string): Promise<void> {
  await client.command({ query: `DROP TABLE IF EXISTS ${id(STAGING + table)} SYNC` });
}

const MARKER = `${STAGING}marker`;

/** What an unfinished copy into this database said of its source; undefined without one. */
export async function findEventMarker(client: ClickHouseClient): Promise<string | undefined> {
  const there = await rowsOf<{ n: number }>(
    client,
    `SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND name = ${text(MARKER)}`,
  );
  if (Number(there[0]?.n ?? 0) === 0) return undefined;
  return (await rowsOf<{ source: string }>(client, `SELECT any(source) AS source FROM ${id(MARKER)}`))[0]?.source;
}

/** Notes that a copy from this source is under way here. */
export async function setEventMarker(client: ClickHouseClient, source: string): Promise<void> {
  await client.command({
    query: `CREATE OR REPLACE TABLE ${id(MARKER)} ENGINE = MergeTree ORDER BY source AS SELECT ${text(source)} AS source`,
  });
}

export async function dropEventMarker(client: ClickHouseClient): Promise<void> {
  await client.command({ query: `DROP TABLE IF EXISTS ${id(MARKER)} SYNC` });
}

/** Rows over all given tables. */
export async function countEvents(client: ClickHouseClient, tables: readonly EventTable[]): Promise<number> {
  const names = tables.map((t) => text(t.name)).join(", ");
  const rows = await rowsOf<{ n: number }>(
    client,
    `SELECT sum(rows) AS n FROM system.parts WHERE database = currentDatabase() AND active AND table IN (${names || "''"})`,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Versions of the migrations a database has, with the hash of each. */
export async function appliedEventMigrations(
  client: ClickHouseClient,
): Promise<readonly { version: number; name: string; sha256: string }[]> {
  return rowsOf(
    client,
    "SELECT version, name, any(sha256) AS sha256 FROM schema_migrations GROUP BY version, name ORDER BY version",
  );
}
