import type { ClickHouseClient } from "@clickhouse/client";
import { randomHex } from "../../core/ids.ts";
import type { RuntimeEventRow } from "../../console/stores/runtime-event-row.ts";
import { STORY_EVENTS } from "../../sim/event/profiles.ts";
import { MARKS } from "../../sim/event/story.ts";
import { aheadMsOf, clocksSetMs, EPOCH, roundOf, type DatasetShape } from "./shape.ts";
import { EVENT_HEAD, JOB_MARK, STORY_PLACES, templates } from "./templates.ts";

type Column = keyof RuntimeEventRow;
/** Columns with marks of a telling, by the marks in them. */
const MARKED: readonly (readonly [Column, ...("node" | "telling" | "seq" | "job")[]])[] = [
  ["message", "node", "seq"],
  ["process_arguments", "job"],
  ["exec_id", "node", "telling"],
  ["parent_exec_id", "node", "telling"],
  ["event", "node", "telling", "seq", "job"],
];
const MARK_OF = { node: MARKS.node, telling: MARKS.story, seq: MARKS.seq, job: JOB_MARK } as const;
const PLAIN: readonly Column[] = [
  "event_kind",
  "severity",
  "process_executable",
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
];
/** The quietest hour has a quarter of the busiest one's events; the end is at the busiest. */
const DAILY = 0.6;
/** One telling of so many is an alarm. */
const ALARM_EVERY = 100;

/** Puts the templates beside the events, for `fillBlock` to tell them over and over. */
export async function prepareTemplates(client: ClickHouseClient): Promise<void> {
  const columns = [...MARKED.map(([name]) => name), ...PLAIN, "ancestor_exec_ids"].join(", ");
  await client.command({
    query: `CREATE OR REPLACE TABLE bench_templates ENGINE = Memory AS SELECT toUInt32(0) AS place, toUInt8(0) AS passing, ${columns} FROM runtime_events LIMIT 0`,
  });
  const values = templates().map(({ place, passing, row }) => ({ place, passing, ...row }));
  await client.insert({ table: "bench_templates", values, format: "JSONEachRow" });
}

export async function dropTemplates(client: ClickHouseClient): Promise<void> {
  await client.command({ query: "DROP TABLE bench_templates" });
}

/** Eight hexadecimal digits. */
const hex = (number: string): string => `lower(leftPad(hex(toUInt32(${number})), 8, '0'))`;

function filled(column: string, ...marks: readonly (keyof typeof MARK_OF)[]): string {
  return marks.reduce((sql, mark) => `replaceAll(${sql}, '${MARK_OF[mark]}', ${mark}_text)`, column);
}

/** Generates rows `from` to `from + count`, in the order of their time over all sensors, as a Console would have stored them. */
export async function fillBlock(
  client: ClickHouseClient,
  shape: DatasetShape,
  from: number,
  count: number,
): Promise<void> {
  const { sensors, rows, days, endMs, tenantId } = shape;
  const round = roundOf(shape);
  const spanUs = days * 86_400_000_000;
  const turns = 2 * Math.PI * days;
  const every = shape.wrongClockEvery;
  const [behindUs, aheadUs] = [aheadMsOf(shape, 0) * 1000, aheadMsOf(shape, every) * 1000];
  const list = (name: keyof (typeof STORY_PLACES)[number]): string =>
    `[${STORY_PLACES.map((p) => p[name]).join(", ")}]`;
  const text = Object.fromEntries(MARKED.map(([name, ...marks]) => [name, filled(name, ...marks)]));
  const event = `concat('{"seq":', toString(seq), ',"observed_at_us":', toString(at_us), ${filled(`substring(event, ${EVENT_HEAD.length + 1})`, "node", "telling", "seq", "job")})`;
  const values: readonly (readonly [Column, string])[] = [
    ["tenant_id", `'${tenantId}'`],
    ["sensor_id", "toUUID(concat('00000000-0000-7000-8000-0000', node_text))"],
    ["epoch", `'${EPOCH}'`],
    ["seq", "seq"],
    ["observed_at", "fromUnixTimestamp64Micro(at_us, 'UTC')"],
    ["ingested_at", "fromUnixTimestamp64Milli(intDiv(true_us, 1000) + 300, 'UTC')"],
    ["node_name", "concat('bench-', leftPad(toString(sensor), 5, '0'))"],
    ...MARKED.map(([name]) => [name, name === "event" ? event : text[name]!] as const),
    ...PLAIN.map((name) => [name, name === "pid" ? "pid + passing * (telling % 30000)" : name] as const),
    ["ancestor_exec_ids", `arrayMap(x -> ${filled("x", "node", "telling")}, ancestor_exec_ids)`],
  ];
  // Indexes are left to the merges: what is not merged in the end is searched without, which is no faster.
  await client.command({
    query: `INSERT INTO runtime_events (${values.map(([name]) => name).join(", ")})
      SELECT ${values.map(([, sql]) => sql).join(", ")}
      FROM (
        SELECT number % ${round.events} AS turn,
          if(turn < ${sensors}, turn, (turn - ${sensors}) % ${round.busy}) AS sensor,
          intDiv(number, ${round.events}) * if(sensor < ${round.busy}, ${round.busyTimes}, 1) + if(turn < ${sensors}, 0, 1 + intDiv(turn - ${sensors}, ${round.busy})) + 1 AS seq,
          intDiv(seq - 1, ${STORY_EVENTS}) AS telling,
          (number + 0.5) / ${rows} AS part,
          toInt64(${endMs * 1000 - spanUs} + ${spanUs} * (part - ${DAILY / turns} * sin(${turns} * part))) AS true_us,
          true_us + if(sensor % ${every} = 0 AND true_us < ${clocksSetMs(shape) * 1000}, if(sensor % ${2 * every} = 0, ${behindUs}, ${aheadUs}), 0) AS at_us,
          cityHash64(sensor, telling) AS dice,
          sensor % ${STORY_PLACES.length} + 1 AS profile,
          if(dice % ${ALARM_EVERY} = 0, ${list("alarm")}[profile], ${list("first")}[profile] + intDiv(dice, ${ALARM_EVERY}) % ${list("count")}[profile]) AS story,
          toUInt32(story * ${STORY_EVENTS} + (seq - 1) % ${STORY_EVENTS}) AS place,
          ${hex("sensor")} AS node_text, ${hex("telling")} AS telling_text, ${hex("seq")} AS seq_text, ${hex("bitShiftRight(dice, 32)")} AS job_text
        FROM numbers(${from}, ${count})
      ) AS n INNER JOIN bench_templates USING (place)
      SETTINGS max_insert_threads = 2, max_memory_usage = 3000000000, materialize_skip_indexes_on_insert = 0`,
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
