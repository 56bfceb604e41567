import { SEVERITIES, type Severity } from "../../core/event/severity.ts";
import { BlockWriter, writeBlock, writeDictionary, type NativeColumn } from "./native-block.ts";
import type { RuntimeEventRow } from "./runtime-event-row.ts";

type Row = RuntimeEventRow;
type Key<T> = { [K in keyof Row]: Row[K] extends T ? K : never }[keyof Row] & string;

const RANKS: Readonly<Record<string, number>> = Object.fromEntries(SEVERITIES.map((name, rank) => [name, rank]));
const SEVERITY_TYPE = `Enum8(${SEVERITIES.map((name: Severity, rank) => `'${name}' = ${rank}`).join(", ")})`;
/** Of a row beside its longer texts. */
const FIXED_BYTES = 512;
/** So few that their texts are still at hand when the next column is written; so many that the columns' heads do not weigh. */
const BLOCK_ROWS = 500;

const text = (name: Key<string>): NativeColumn<Row> => ({
  name,
  type: "String",
  write: (writer, rows) => {
    for (const row of rows) writer.text(row[name]);
  },
});

/** A column of texts of few different values. Sent as plain texts they would cost the engine more than all the rest. */
const word = (name: Key<string>): NativeColumn<Row> => ({
  name,
  type: "LowCardinality(String)",
  write: (writer, rows) => writeDictionary(writer, rows.length, (row) => rows[row]![name]),
});

const uuid = (name: Key<string>): NativeColumn<Row> => ({
  name,
  type: "UUID",
  write: (writer, rows) => {
    for (const row of rows) writer.uuid(row[name]);
  },
});

function numbers(
  name: Key<number>,
  type: string,
  put: (writer: BlockWriter, value: number) => void,
): NativeColumn<Row> {
  return {
    name,
    type,
    write: (writer, rows) => {
      for (const row of rows) put(writer, row[name]);
    },
  };
}
const uint16 = (name: Key<number>): NativeColumn<Row> => numbers(name, "UInt16", (w, value) => w.uint16(value));
const uint32 = (name: Key<number>): NativeColumn<Row> => numbers(name, "UInt32", (w, value) => w.uint32(value));
const uint64 = (name: Key<number>, type = "UInt64"): NativeColumn<Row> => numbers(name, type, (w, v) => w.uint64(v));

/** Which values are missing comes first, then all of them. */
const nullable32 = (name: "uid" | "auid"): NativeColumn<Row> => ({
  name,
  type: "Nullable(UInt32)",
  write: (writer, rows) => {
    for (const row of rows) writer.uint8(row[name] === null ? 1 : 0);
    for (const row of rows) writer.uint32(row[name] ?? 0);
  },
});

/** Where each list ends comes first, then the texts of all lists. */
const texts = (name: "ancestor_exec_ids"): NativeColumn<Row> => ({
  name,
  type: "Array(String)",
  write: (writer, rows) => {
    let end = 0;
    for (const row of rows) writer.uint64((end += row[name].length));
    for (const row of rows) for (const value of row[name]) writer.text(value);
  },
});

/** Every column of `runtime_events` that is inserted; a test holds it against the table. */
export const RUNTIME_EVENT_COLUMNS: readonly NativeColumn<Row>[] = [
  uuid("tenant_id"),
  uuid("sensor_id"),
  word("epoch"),
  uint64("seq"),
  uint64("observed_at", "DateTime64(6, 'UTC')"),
  uint64("ingested_at", "DateTime64(3, 'UTC')"),
  word("node_name"),
  word("event_kind"),
  {
    name: "severity",
    type: SEVERITY_TYPE,
    write: (writer, rows) => {
      for (const row of rows) writer.uint8(RANKS[row.severity] ?? 0);
    },
  },
  text("message"),
  word("process_executable"),
  text("process_arguments"),
  word("parent_executable"),
  text("exec_id"),
  text("parent_exec_id"),
  texts("ancestor_exec_ids"),
  uint32("pid"),
  uint32("ppid"),
  nullable32("uid"),
  nullable32("auid"),
  word("container_id"),
  word("pod_name"),
  word("pod_namespace"),
  word("workload_name"),
  uint64("netns"),
  text("file_path"),
  text("local_addr"),
  uint16("local_port"),
  text("remote_addr"),
  uint16("remote_port"),
  text("dns_hostname"),
  word("policy_name"),
  word("function_name"),
  text("event"),
  text("raw"),
];

export const INSERT_EVENTS = `INSERT INTO runtime_events (${RUNTIME_EVENT_COLUMNS.map((column) => column.name).join(", ")}) FORMAT Native`;

/**
 * Rows of `runtime_events` as blocks of ClickHouse's Native format, one behind the other. Throws RangeError when a number does not fit
 * its column.
 */
export function encodeRuntimeEvents(rows: readonly RuntimeEventRow[]): Uint8Array<ArrayBuffer> {
  let bytes = 4_096;
  for (const { event, raw, message, process_arguments } of rows)
    bytes += event.length + raw.length + 2 * (message.length + process_arguments.length) + FIXED_BYTES;
  const writer = new BlockWriter(bytes);
  for (let at = 0; at < rows.length; at += BLOCK_ROWS)
    writeBlock(writer, RUNTIME_EVENT_COLUMNS, rows.slice(at, at + BLOCK_ROWS));
  return writer.finish();
}
