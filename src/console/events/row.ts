import type { EventRow } from "../../core/api/events.ts";
import { formatEventId } from "../../core/event/event.ts";
import type { EventKind } from "../../core/event/kinds.ts";
import type { Severity } from "../../core/event/severity.ts";
import type { StoredEvent } from "../stores/runtime-event-row.ts";

/** Longest argument text in a list; the event itself has all of it. */
const LIST_ARGUMENTS_MAX_CHARS = 4096;

/** A row of a list as ClickHouse gives it; 64-bit numbers may come as text, by the server's settings. */
export interface ListRow {
  readonly sensor_id: string;
  readonly epoch: string;
  readonly seq: number | string;
  readonly node_name: string;
  readonly event_kind: string;
  readonly severity: string;
  readonly observed_us: number | string;
  readonly ingested_ms: number | string;
  readonly message: string;
  readonly process_executable: string;
  readonly arguments: string;
  readonly pid: number;
  readonly uid: number | null;
  readonly exec_id: string;
  readonly container_id: string;
}

/** Columns of ListRow. Aliases differ from column names: ClickHouse would take them for the columns in WHERE. */
export const LIST_COLUMNS = `sensor_id, epoch, seq, node_name, event_kind, severity,
  toUnixTimestamp64Micro(observed_at) AS observed_us, toUnixTimestamp64Milli(ingested_at) AS ingested_ms,
  message, process_executable, substringUTF8(process_arguments, 1, ${LIST_ARGUMENTS_MAX_CHARS}) AS arguments,
  pid, uid, exec_id, container_id`;

/** RFC 3339 in UTC with microseconds. */
export function formatMicros(us: number): string {
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1000).padStart(3, "0")}Z`;
}

/** RFC 3339 in UTC with milliseconds. */
function formatMillis(ms: number): string {
  return new Date(ms).toISOString();
}

/** A row as the API shows it. */
export function toEventRow(row: ListRow): EventRow {
  return {
    event_id: formatEventId(row.sensor_id, row.epoch, row.seq),
    sensor_id: row.sensor_id,
    node_name: row.node_name,
    kind: row.event_kind as EventKind,
    severity: row.severity as Severity,
    observed_at: formatMicros(Number(row.observed_us)),
    ingested_at: formatMillis(Number(row.ingested_ms)),
    message: row.message,
    process_executable: row.process_executable,
    process_arguments: row.arguments,
    pid: row.pid,
    uid: row.uid,
    exec_id: row.exec_id,
    container_id: row.container_id,
  };
}

/** The same row of an event that has just been stored. */
export function liveEventRow(stored: StoredEvent): EventRow {
  const { event } = stored;
  return {
    event_id: formatEventId(stored.sensorId, stored.epoch, event.seq),
    sensor_id: stored.sensorId,
    node_name: stored.nodeName,
    kind: event.kind,
    severity: event.severity,
    observed_at: formatMicros(event.observed_at_us),
    ingested_at: formatMillis(stored.ingestedAtMs),
    message: event.message,
    process_executable: event.process?.binary ?? "",
    process_arguments: (event.process?.argv.slice(1).join(" ") ?? "").slice(0, LIST_ARGUMENTS_MAX_CHARS),
    pid: event.process?.pid ?? 0,
    uid: event.process?.uid ?? null,
    exec_id: event.process?.exec_id ?? "",
    container_id: event.workload?.container_id ?? "",
  };
}
