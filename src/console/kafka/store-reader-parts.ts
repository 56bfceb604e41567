import { sha256Hex } from "../../core/ids.ts";
import { identifier, literal } from "../stores/ddl.ts";
import type { KafkaTarget } from "./target.ts";
import { QUEUED, type QueuedTable } from "./topics.ts";

/** Readers of one ClickHouse share a group: its offsets are kept by the cluster, and say what is stored. */
const GROUP = "telovix.clickhouse";
const FLUSH_MS = 500;

/** The group of all readers of one database: Kafka tables of both topics are in it. */
export const groupOf = (database: string): string => `${GROUP}.${database}`;

/** What the feed puts rows into; it is made with its reader, and tells when that was. */
export const readOf = (table: QueuedTable): string => `${table}_queue_read`;

/** The Kafka table of a table; the names of all parts begin with it. */
export const queueOf = (table: QueuedTable): string => `${table}_queue`;

/** Behind what is read: without one of these a row would go nowhere. */
const behind = (table: QueuedTable): string[] =>
  ["rejects", "losses", "rows"].map((part) => `${queueOf(table)}_${part}`);

/** All parts of the reader of one table. */
export function partsOf(table: QueuedTable): readonly string[] {
  return [queueOf(table), readOf(table), ...behind(table), `${queueOf(table)}_feed`];
}

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** How one table's reader is made, in this order, and a mark of what is made. */
export interface ReaderDefinition {
  readonly statements: readonly string[];
  readonly mark: string;
}

function settings(target: KafkaTarget, table: QueuedTable, database: string): string {
  const all: Record<string, string | number> = {
    kafka_broker_list: target.brokers.join(","),
    kafka_topic_list: QUEUED[table],
    kafka_group_name: groupOf(database),
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

/**
 * A Kafka table is read as soon as any view hangs on it, and what is read while another one is missing counts as read. So one view
 * hangs on it and is made last: it feeds a table that keeps nothing, on which the others hang. And it refuses to pass a row on
 * while one of them is missing: what was read then is not committed, and comes again.
 */
export function defineReader(
  target: KafkaTarget,
  table: QueuedTable,
  database: string,
  columns: readonly Column[],
): ReaderDefinition {
  const [queue, read, rejects, losses, rows, feed] = partsOf(table).map(identifier) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const names = columns.map((c) => identifier(c.name)).join(", ");
  const typed = columns.map((c) => `${identifier(c.name)} ${c.type}`).join(", ");
  const needed = [...new Set([...behind(table), table, "queue_rejects", "event_losses"])];
  const how = settings(target, table, database);
  const rest = [
    `CREATE TABLE ${read} (${typed}, queue_topic String, queue_partition Int64, queue_offset UInt64, queue_sensor_id UUID,
       queue_tenant_id UUID, queue_at DateTime, queue_error String, queue_message String) ENGINE = Null`,
    `CREATE MATERIALIZED VIEW ${rejects} TO queue_rejects AS
     SELECT queue_topic AS topic, queue_partition AS partition, toInt64(queue_offset) AS offset, queue_error AS error, queue_message AS message
     FROM ${read} WHERE length(queue_error) > 0`,
    // Its events are missing where analysts look: the ledger says so, a line an event.
    `CREATE MATERIALIZED VIEW ${losses} TO event_losses AS
     SELECT queue_tenant_id AS tenant_id, queue_sensor_id AS sensor_id,
            'store' AS stage, 'queue_unreadable' AS cause, countSubstrings(queue_message, '\\n') + 1 AS count,
            queue_at AS from_at, queue_at AS to_at, now64(3) AS recorded_at, 'queue' AS source,
            concat(queue_topic, '/', toString(queue_partition)) AS epoch, queue_offset AS from_seq, queue_offset AS to_seq
     FROM ${read} WHERE length(queue_error) > 0`,
    `CREATE MATERIALIZED VIEW ${rows} TO ${identifier(table)} AS
     SELECT ${names} FROM ${read} WHERE length(queue_error) = 0`,
    `CREATE MATERIALIZED VIEW ${feed} TO ${read} AS
     SELECT ${names}, _topic AS queue_topic, toInt64(_partition) AS queue_partition, toUInt64(_offset) AS queue_offset,
            toUUIDOrZero(_key) AS queue_sensor_id,
            toUUIDOrZero(_headers.value[indexOf(_headers.name, 'tenant_id')]) AS queue_tenant_id,
            ifNull(_timestamp, now()) AS queue_at, _error AS queue_error, _raw_message AS queue_message
     FROM ${queue}
     WHERE throwIf((SELECT count() FROM system.tables WHERE database = ${literal(database)} AND name IN (${needed.map(literal).join(", ")})) < ${needed.length},
       'a table or view behind the queue is missing') = 0`,
  ];
  const mark = `telovix ${sha256Hex([typed, how, ...rest].join("\n")).slice(0, 16)}`;
  const first = `CREATE TABLE ${queue} (${typed}) ENGINE = Kafka SETTINGS ${how} COMMENT ${literal(mark)}`;
  return { mark, statements: [first, ...rest] };
}
