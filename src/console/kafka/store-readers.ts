import { ClickHouseError, type ClickHouseClient } from "@clickhouse/client";
import type { Log } from "../../core/log.ts";
import { identifier } from "../stores/ddl.ts";
import type { Exclusively } from "../stores/migrate-clickhouse.ts";
import type { Rewind } from "./rewind.ts";
import { findBrokenParts } from "./store-broken-parts.ts";
import {
  defineReader,
  groupOf,
  partsOf,
  queueOf,
  readOf,
  type Column,
  type ReaderDefinition,
} from "./store-reader-parts.ts";
import type { KafkaTarget } from "./target.ts";
import { QUEUED, QUEUED_TABLES, type QueuedTable } from "./topics.ts";

interface Found {
  readonly name: string;
  readonly engine: string;
  readonly comment: string;
}

/** A reader that is to be made (or taken away, without statements), and what of it is there. */
interface Stale extends ReaderDefinition {
  readonly table: QueuedTable;
  readonly found: readonly Found[];
  readonly missing: readonly string[];
}

async function rowsOf<Row>(
  client: ClickHouseClient,
  query: string,
  params: Record<string, unknown> = {},
): Promise<Row[]> {
  return (await client.query({ query, query_params: params, format: "JSONEachRow" })).json<Row>();
}

const columnsOf = (client: ClickHouseClient, table: string): Promise<Column[]> =>
  rowsOf(
    client,
    `SELECT name, type FROM system.columns
     WHERE database = currentDatabase() AND table = {table:String} AND default_kind != 'MATERIALIZED' ORDER BY position`,
    { table },
  );

const findParts = (client: ClickHouseClient, table: QueuedTable): Promise<Found[]> =>
  rowsOf(
    client,
    "SELECT name, engine, comment FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {queue:String})",
    { queue: queueOf(table) },
  );

/** Parts that somebody has put aside: they are in the way of new ones, and nobody does that by mistake. */
async function findDetached(client: ClickHouseClient, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const rows = await rowsOf<{ name: string }>(
    client,
    "SELECT table AS name FROM system.detached_tables WHERE database = currentDatabase() AND table IN ({names:Array(String)})",
    { names },
    // Servers of 24.8 do not tell.
  ).catch(() => []);
  return rows.map((row) => row.name);
}

/** Readers that lack a part; and, when `fit` is asked for, those that were made for another cluster, other columns or otherwise. */
async function findStale(client: ClickHouseClient, target: KafkaTarget, fit: boolean, log?: Log): Promise<Stale[]> {
  const [row] = await rowsOf<{ name: string }>(client, "SELECT currentDatabase() AS name");
  const stale: Stale[] = [];
  for (const table of QUEUED_TABLES) {
    const found = await findParts(client, table);
    const names = new Set(found.map((part) => part.name));
    const missing = partsOf(table).filter((name) => !names.has(name));
    const columns = await columnsOf(client, table);
    const detached = await findDetached(client, missing);
    if (columns.length === 0 || detached.length > 0) {
      log?.error("ClickHouse's reader of a topic is left as it is", {
        topic: QUEUED[table],
        ...(columns.length === 0 ? { lost: table } : { detached }),
      });
      // Attached again under a read, a view is behind the next read only, and this one would pass the feed: so nothing may be read.
      const reading = found.filter((part) => part.engine === "Kafka");
      if (detached.length > 0 && reading.length > 0)
        stale.push({ table, found: reading, missing, statements: [], mark: "" });
      continue;
    }
    const definition = defineReader(target, table, row!.name, columns);
    const fits = found.length === partsOf(table).length && found.some((part) => part.comment === definition.mark);
    if (missing.length > 0 || (fit && !fits)) stale.push({ table, found, missing, ...definition });
  }
  return stale;
}

/**
 * Takes a reader away. The Kafka table goes first: that waits for what it is reading, with every view still behind it. Were the
 * views first, it would go on reading for as long as messages come, and they would go nowhere.
 */
async function drop(client: ClickHouseClient, parts: readonly Found[]): Promise<void> {
  const isKafka = (part: Found): boolean => part.engine === "Kafka";
  for (const { name } of [...parts.filter(isKafka), ...parts.filter((part) => !isKafka(part))])
    await client.command({ query: `DROP TABLE IF EXISTS ${identifier(name)} SYNC` });
}

/** When the oldest of the readers was made, seconds since 1970; undefined: there is none. */
async function madeAt(client: ClickHouseClient): Promise<{ database: string; secs: number } | undefined> {
  const [row] = await rowsOf<{ database: string; n: number; secs: number }>(
    client,
    `SELECT currentDatabase() AS database, count() AS n, min(toUnixTimestamp(metadata_modification_time)) AS secs
     FROM system.tables WHERE database = currentDatabase() AND name IN ({names:Array(String)})`,
    { names: QUEUED_TABLES.map(readOf) },
  );
  return row && Number(row.n) > 0 ? { database: row.database, secs: Number(row.secs) } : undefined;
}

/**
 * Parts that could not be read and were put aside had rows that count as read: what was read since comes again. The Kafka tables go first,
 * and what says when the readers were made goes last, with the reader made anew: until then this is tried again.
 */
async function readAgain(client: ClickHouseClient, log: Log, rewind: Rewind): Promise<void> {
  const made = await madeAt(client);
  const broken = made && (await findBrokenParts(client, made.secs));
  if (!broken) return;
  log.error(
    "Parts of the event store could not be read and were put aside; what was read from the queue is read again",
    {
      parts: broken.parts.slice(0, 20),
      since: new Date(broken.sinceMs).toISOString(),
    },
  );
  for (const table of QUEUED_TABLES)
    await client.command({ query: `DROP TABLE IF EXISTS ${identifier(queueOf(table))} SYNC` });
  await rewind(groupOf(made.database), Object.values(QUEUED), broken.sinceMs);
}

interface AttachOptions {
  /** Runs something while no other Console does. */
  readonly exclusively: Exclusively;
  /** Also makes those anew that are whole and do not fit: for the start, so that two Consoles of different minds do not quarrel. */
  readonly fit: boolean;
  readonly rewind?: Rewind;
}

/** Unknown column, no such right: a server that does not say what it has put aside. It reads its topics all the same. */
const UNTOLD = new Set(["47", "497"]);

async function needsAgain(client: ClickHouseClient, log: Log | undefined): Promise<boolean> {
  const made = await madeAt(client);
  if (!made) return false;
  try {
    return (await findBrokenParts(client, made.secs)) !== undefined;
  } catch (error) {
    if (!(error instanceof ClickHouseError && UNTOLD.has(error.code))) throw error;
    log?.warn("ClickHouse does not say which parts it has put aside; what was in them is not read again", { error });
    return false;
  }
}

/**
 * Has ClickHouse read the topics into its tables. A reader that does not fit or lacks a part is made anew; what is read is kept by the
 * cluster, and nothing is read while it is in the making, so nothing is lost or doubled by it.
 */
export async function attachQueue(
  client: ClickHouseClient,
  target: KafkaTarget,
  log: Log,
  { exclusively, fit, rewind }: AttachOptions = { exclusively: (run) => run(), fit: true },
): Promise<void> {
  const again = rewind !== undefined && (await needsAgain(client, fit ? log : undefined));
  if (!again && (await findStale(client, target, fit, fit ? log : undefined)).length === 0) return;
  await exclusively(async () => {
    try {
      if (again) await readAgain(client, log, rewind);
    } catch (error) {
      if (!fit) throw error;
      // A Console starts without its cluster, too. What says when the readers were made is left alone, so it is tried again.
      log.error("What is to be read again of the queue could not be; it is tried again", { error });
      return;
    }
    // Another one may have done it meanwhile.
    for (const { table, found, missing, statements } of await findStale(client, target, fit)) {
      const stops = statements.length === 0;
      if (stops)
        log.warn("ClickHouse reads a topic no more: a part of its reader is detached", {
          topic: QUEUED[table],
          missing,
        });
      else if (found.length > 0)
        log[fit ? "info" : "warn"]("ClickHouse's reader of a topic is made anew", { topic: QUEUED[table], missing });
      await drop(client, found);
      for (const query of statements) await client.command({ query });
      if (!stops) log.info("ClickHouse reads a topic", { topic: QUEUED[table], table });
    }
  });
}

/** True when ClickHouse still reads topics: it goes on with that until they are empty, also when the Console no longer writes to them. */
export async function hasQueue(client: ClickHouseClient): Promise<boolean> {
  const rows = await rowsOf<{ n: number }>(
    client,
    "SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND engine = 'Kafka'",
  );
  return Number(rows[0]?.n ?? 0) > 0;
}

/** Has ClickHouse read no topic any more. What it has not read stays in them. */
export async function detachQueue(client: ClickHouseClient): Promise<void> {
  for (const table of QUEUED_TABLES) await drop(client, await findParts(client, table));
}
