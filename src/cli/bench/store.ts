import type { ClickHouseClient } from "@clickhouse/client";
import { randomHex } from "../../core/ids.ts";
import type { RuntimeEventRow } from "../../console/stores/runtime-event-row.ts";

/** Shape of what is generated. */
export interface DatasetShape {
  readonly rows: number;
  readonly sensors: number;
  readonly days: number;
  readonly tenantId: string;
  /** Milliseconds since 1970 at which the last event happens. */
  readonly endMs: number;
  /** Stories of the simulator as rows; `place` says which event of which story each is. */
  readonly templates: readonly { readonly place: number; readonly row: RuntimeEventRow }[];
  readonly storyEvents: number;
}

const TEXT_COLUMNS = [
  "message",
  "exec_id",
  "parent_exec_id",
  "event",
] as const satisfies readonly (keyof RuntimeEventRow)[];
const PLAIN_COLUMNS = [
  "event_kind",
  "severity",
  "process_executable",
  "process_arguments",
  "parent_executable",
  "pid",
  "ppid",
  "uid",
  "auid",
  "file_path",
  "local_addr",
  "local_port",
  "remote_addr",
  "remote_port",
  "dns_hostname",
  "policy_name",
  "function_name",
] as const satisfies readonly (keyof RuntimeEventRow)[];

/** How the JSON of a template begins. */
export const EVENT_HEAD = '{"seq":1,"observed_at_us":1';

/** Id of generated sensor `n`. */
export function sensorIdOf(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** `exec_id` of the program at `slot` of a story of a sensor. */
export function execIdOf(sensor: number, story: number, slot: number): string {
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  return `sim.00000001.${hex(sensor)}.${hex(story)}.${String(slot).padStart(2, "0")}`;
}

/** Puts the templates beside the events, for `fillBlock` to tell them over and over. */
export async function prepareTemplates(client: ClickHouseClient, shape: DatasetShape): Promise<void> {
  const columns = [...TEXT_COLUMNS, ...PLAIN_COLUMNS, "ancestor_exec_ids"].join(", ");
  await client.command({
    query: `CREATE TABLE bench_templates ENGINE = Memory AS SELECT toUInt32(0) AS place, ${columns} FROM runtime_events LIMIT 0`,
  });
  const values = shape.templates.map(({ place, row }) => ({ place, ...row }));
  await client.insert({ table: "bench_templates", values, format: "JSONEachRow" });
}

/** Generates rows `from` to `from + count`, in the order of their time over all sensors, as a Console would have stored them. */
export async function fillBlock(
  client: ClickHouseClient,
  shape: DatasetShape,
  from: number,
  count: number,
): Promise<void> {
  const { sensors, storyEvents, rows, days, endMs, tenantId } = shape;
  const stories = shape.templates.length / storyEvents;
  const spanUs = days * 86_400_000_000;
  const startUs = endMs * 1000 - spanUs;
  // What differs between tellings stands together: one pass over each text.
  const named = (column: string): string => `replaceAll(${column}, 'RRRRRRRR.IIIIIIII.SSSSSSSS', telling)`;
  const tagged = (column: string): string => `replaceAll(${column}, 'IIIIIIII-QQQQQQQQ', tag)`;
  const event = `concat('{"seq":', toString(seq), ',"observed_at_us":', toString(at_us), substring(${tagged(named("event"))}, ${EVENT_HEAD.length + 1}))`;
  const columns = ["message", "exec_id", "parent_exec_id", "event", ...PLAIN_COLUMNS];
  await client.command({
    query: `INSERT INTO runtime_events (tenant_id, sensor_id, epoch, seq, observed_at, ingested_at, node_name, ${columns.join(", ")}, ancestor_exec_ids)
      SELECT '${tenantId}', toUUID(concat('00000000-0000-7000-8000-', lower(leftPad(hex(toUInt32(sensor)), 12, '0')))), '00000000000000bb', seq,
        fromUnixTimestamp64Micro(at_us, 'UTC'), fromUnixTimestamp64Milli(intDiv(at_us, 1000) + 300, 'UTC'), concat('bench-', leftPad(toString(sensor), 5, '0')),
        ${tagged("message")}, ${named("exec_id")}, ${named("parent_exec_id")}, ${event},
        ${PLAIN_COLUMNS.map((c) => (c === "pid" ? "pid + story % 30000" : c)).join(", ")}, arrayMap(x -> ${named("x")}, ancestor_exec_ids)
      FROM (
        SELECT number % ${sensors} AS sensor, intDiv(number, ${sensors}) + 1 AS seq, intDiv(seq - 1, ${storyEvents}) AS story,
          toInt64(${startUs} + number * ${spanUs / rows}) AS at_us,
          toUInt32(cityHash64(sensor, story) % ${stories} * ${storyEvents} + (seq - 1) % ${storyEvents}) AS place,
          lower(leftPad(hex(toUInt32(sensor)), 8, '0')) AS node_hex,
          concat('00000001.', node_hex, '.', lower(leftPad(hex(toUInt32(story)), 8, '0'))) AS telling,
          concat(node_hex, '-', lower(leftPad(hex(toUInt32(seq)), 8, '0'))) AS tag
        FROM numbers(${from}, ${count})
      ) AS n INNER JOIN bench_templates USING (place)
      SETTINGS max_insert_threads = 2, max_memory_usage = 3000000000`,
    query_id: `bench-${randomHex(8)}`,
  });
}

export interface Extent {
  readonly rows: number;
  readonly bytes: number;
  readonly parts: number;
}

/** What is on disk now. */
export async function extentOf(client: ClickHouseClient): Promise<Extent> {
  const result = await client.query({
    query: `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts
      WHERE active AND database = currentDatabase() AND table = 'runtime_events'`,
    format: "JSONEachRow",
  });
  const [row] = await result.json<Record<keyof Extent, number | string>>();
  return { rows: Number(row?.rows), bytes: Number(row?.bytes), parts: Number(row?.parts) };
}

/** Merges under way. */
export async function mergesOf(client: ClickHouseClient): Promise<number> {
  const result = await client.query({ query: "SELECT count() AS merges FROM system.merges", format: "JSONEachRow" });
  const [row] = await result.json<{ merges: number | string }>();
  return Number(row?.merges);
}
