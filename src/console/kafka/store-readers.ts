import type { ClickHouseClient } from "@clickhouse/client";
import { sha256Hex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { identifier, literal } from "../stores/ddl.ts";
import type { KafkaTarget } from "./target.ts";
import { QUEUED, QUEUED_TABLES, type QueuedTable } from "./topics.ts";

/** Readers of one ClickHouse share a group: its offsets are kept by the cluster, and say what is stored. */
const GROUP = "telovix.clickhouse";
const FLUSH_MS = 500;

const queueOf = (table: QueuedTable): string => `${table}_queue`;

async function columnsOf(client: ClickHouseClient, table: string): Promise<{ name: string; type: string }[]> {
  const result = await client.query({
    query: `SELECT name, type FROM system.columns
            WHERE database = currentDatabase() AND table = {table:String} AND default_kind != 'MATERIALIZED' ORDER BY position`,
    query_params: { table },
    format: "JSONEachRow",
  });
  return result.json<{ name: string; type: string }>();
}

function settings(target: KafkaTarget, table: QueuedTable, database: string): string {
  const all: Record<string, string | number> = {
    kafka_broker_list: target.brokers.join(","),
    kafka_topic_list: QUEUED[table],
    kafka_group_name: `${GROUP}.${database}`,
    kafka_format: "JSONEachRow",
    // A row that cannot be read is kept whole beside the others, not skipped.
    kafka_handle_error_mode: "stream",
    kafka_num_consumers: 1,
    kafka_flush_interval_ms: FLUSH_MS,
    kafka_poll_timeout_ms: 100,
  };
  if (target.tls || target.sasl) {
    all["kafka_security_protocol"] = `${target.sasl ? "sasl_" : ""}${target.tls ? "ssl" : "plaintext"}`;
    if (target.sasl) {
      all["kafka_sasl_mechanism"] = target.sasl.mechanism;
      all["kafka_sasl_username"] = target.sasl.username;
      all["kafka_sasl_password"] = target.sasl.password.reveal();
    }
  }
  return Object.entries(all)
    .map(([name, value]) => `${name} = ${typeof value === "number" ? value : literal(value)}`)
    .join(", ");
}

/** The statements that make the reader of one table, and a mark of what they make. */
function definition(
  target: KafkaTarget,
  table: QueuedTable,
  database: string,
  columns: readonly { name: string; type: string }[],
): { statements: string[]; mark: string } {
  const queue = identifier(queueOf(table));
  const names = columns.map((c) => identifier(c.name)).join(", ");
  const typed = columns.map((c) => `${identifier(c.name)} ${c.type}`).join(", ");
  const how = settings(target, table, database);
  const mark = `telovix ${sha256Hex(`${typed}\n${how}`).slice(0, 16)}`;
  return {
    mark,
    statements: [
      `CREATE TABLE ${queue} (${typed}) ENGINE = Kafka SETTINGS ${how} COMMENT ${literal(mark)}`,
      `CREATE MATERIALIZED VIEW ${identifier(`${queueOf(table)}_rejects`)} TO queue_rejects AS
       SELECT _topic AS topic, toInt64(_partition) AS partition, toInt64(_offset) AS offset, _error AS error, _raw_message AS message
       FROM ${queue} WHERE length(_error) > 0`,
      // Its events are missing where analysts look: the ledger says so, a line an event.
      `CREATE MATERIALIZED VIEW ${identifier(`${queueOf(table)}_losses`)} TO event_losses AS
       SELECT toUUIDOrZero(_headers.value[indexOf(_headers.name, 'tenant_id')]) AS tenant_id, toUUIDOrZero(_key) AS sensor_id,
              'store' AS stage, 'queue_unreadable' AS cause, countSubstrings(_raw_message, '\\n') + 1 AS count,
              ifNull(_timestamp, now()) AS from_at, ifNull(_timestamp, now()) AS to_at, now64(3) AS recorded_at, 'queue' AS source,
              concat(_topic, '/', toString(_partition)) AS epoch, toUInt64(_offset) AS from_seq, toUInt64(_offset) AS to_seq
       FROM ${queue} WHERE length(_error) > 0`,
      // The last one: with it, reading begins.
      `CREATE MATERIALIZED VIEW ${identifier(`${queueOf(table)}_rows`)} TO ${identifier(table)} AS
       SELECT ${names} FROM ${queue} WHERE length(_error) = 0`,
    ],
  };
}

/**
 * Has ClickHouse read the topics into its tables: a Kafka table each, and views that move its rows on. A reader that was made for
 * another cluster or for older columns is made anew; what is read is kept by the cluster, so nothing is lost or doubled by it.
 */
export async function attachQueue(client: ClickHouseClient, target: KafkaTarget, log: Log): Promise<void> {
  const [row] = await (
    await client.query({ query: "SELECT currentDatabase() AS name", format: "JSONEachRow" })
  ).json<{ name: string }>();
  for (const table of QUEUED_TABLES) {
    const { statements, mark } = definition(target, table, row!.name, await columnsOf(client, table));
    const result = await client.query({
      query:
        "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {queue:String})",
      query_params: { queue: queueOf(table) },
      format: "JSONEachRow",
    });
    const there = await result.json<{ name: string; comment: string }>();
    if (there.length === statements.length && there.some((t) => t.comment === mark)) continue;
    for (const suffix of ["_rows", "_losses", "_rejects", ""])
      await client.command({ query: `DROP TABLE IF EXISTS ${identifier(queueOf(table) + suffix)} SYNC` });
    for (const query of statements) await client.command({ query });
    log.info("ClickHouse reads a topic", { topic: QUEUED[table], table });
  }
}

/** True when ClickHouse still reads topics: it goes on with that until they are empty, also when the Console no longer writes to them. */
export async function hasQueue(client: ClickHouseClient): Promise<boolean> {
  const result = await client.query({
    query: "SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND engine = 'Kafka'",
    format: "JSONEachRow",
  });
  return Number((await result.json<{ n: number }>())[0]?.n ?? 0) > 0;
}
