import { RuntimeEvent } from "../../core/event/event.ts";
import { RUNTIME_EVENT_COLUMNS } from "../stores/runtime-event-block.ts";
import type { RuntimeEventRow } from "../stores/runtime-event-row.ts";
import { compileSchema, type Kept, type SchemaTable } from "./schema-table.ts";

/** Kinds of columns, as native/rows/rows.h numbers them. */
const KIND = {
  u8: 1,
  u16: 2,
  u32: 3,
  u64: 4,
  nullable32: 5,
  text: 6,
  word: 7,
  behindFirst: 8,
  list: 9,
  json: 10,
} as const;
type ColumnKind = keyof typeof KIND;

/** What the Console itself knows of a row: the same for all rows of a batch. */
export const ORIGIN_COLUMNS = ["tenant_id", "sensor_id", "epoch", "ingested_at", "node_name"] as const;
export type OriginColumn = (typeof ORIGIN_COLUMNS)[number];
type EventColumn = Exclude<keyof RuntimeEventRow, OriginColumn>;

/** Where in an event a column's value stands; of two paths the first that is there. `toRuntimeEventRow` says the same of objects. */
const SOURCES: Readonly<Record<EventColumn, readonly [ColumnKind, ...string[]]>> = {
  seq: ["u64", "seq"],
  observed_at: ["u64", "observed_at_us"],
  event_kind: ["word", "kind"],
  severity: ["u8", "severity"],
  message: ["text", "message"],
  process_executable: ["word", "process.binary"],
  process_arguments: ["behindFirst", "process.argv"],
  parent_executable: ["word", "process.parent_binary"],
  exec_id: ["text", "process.exec_id"],
  parent_exec_id: ["text", "process.parent_exec_id"],
  ancestor_exec_ids: ["list"],
  pid: ["u32", "process.pid"],
  ppid: ["u32", "process.ppid"],
  uid: ["nullable32", "process.uid"],
  auid: ["nullable32", "process.auid"],
  container_id: ["word", "workload.container_id"],
  pod_name: ["word", "workload.pod_name"],
  pod_namespace: ["word", "workload.namespace"],
  workload_name: ["word", "workload.workload_name"],
  netns: ["u64", "process.ns.net"],
  file_path: ["text", "file.path"],
  local_addr: ["text", "network.local_addr"],
  local_port: ["u16", "network.local_port"],
  remote_addr: ["text", "network.remote_addr"],
  remote_port: ["u16", "network.remote_port"],
  dns_hostname: ["text", "network.dns_hostname", "dns.query"],
  policy_name: ["word", "hook.policy_name"],
  function_name: ["word", "hook.function_name"],
  event: ["json"],
  raw: ["text", "raw"],
};

/** The program itself looks at these slots, in this order. */
const FIRST_SLOTS = ["seq", "observed_at_us", "loss", "raw", "severity"];
/** Never filled: for columns without a place in the event. */
const NO_SLOT = 63;
const LIST_PATH = "process.ancestors[].exec_id";

export interface RowTables {
  readonly schema: SchemaTable;
  /** Three words for each column that comes from events. */
  readonly columns: Uint32Array<ArrayBuffer>;
  /** Which columns those are, as numbers in RUNTIME_EVENT_COLUMNS. */
  readonly places: readonly number[];
}

function isOrigin(name: string): name is OriginColumn {
  return (ORIGIN_COLUMNS as readonly string[]).includes(name);
}

/** The tables the row program works by, made from the event's schema and the columns of its table. */
export function makeRowTables(): RowTables {
  const paths = [...FIRST_SLOTS];
  const slotOf = (path: string): number => {
    if (!paths.includes(path)) paths.push(path);
    return paths.indexOf(path);
  };
  const columns: number[] = [];
  const places: number[] = [];
  for (const [place, { name }] of RUNTIME_EVENT_COLUMNS.entries()) {
    if (isOrigin(name)) continue;
    const [kind, path, other] = SOURCES[name as EventColumn];
    const slot = path === undefined ? NO_SLOT : slotOf(path);
    columns.push(KIND[kind], slot, other === undefined ? slot : slotOf(other));
    places.push(place);
  }
  if (paths.length > NO_SLOT) throw new Error("more columns than the row program has slots");
  const kept = new Map<string, Kept>(paths.map((path, slot) => [path, { slot }]));
  kept.set("raw", { slot: paths.indexOf("raw"), hidden: true });
  kept.set(LIST_PATH, { list: true });
  return { schema: compileSchema(RuntimeEvent, kept), columns: Uint32Array.from(columns), places };
}
