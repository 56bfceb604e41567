import type { EventFilter } from "../../core/api/events.ts";
import { AppError } from "../../core/error.ts";
import { EVENT_KINDS, isEventKind } from "../../core/event/kinds.ts";
import { SEVERITIES, type Severity } from "../../core/event/severity.ts";
import { isUuid } from "../../core/ids.ts";

/** Columns a filter can look at; the only names that ever reach a query. */
export type FilterColumn = "event_kind" | "severity" | "sensor_id" | "node_name" | "process_executable" | "exec_id";

/** One checked condition. All conditions of a filter must hold. */
export type Condition =
  | { readonly op: "in"; readonly column: FilterColumn; readonly values: readonly string[] }
  /** The binary's last path part is this. */
  | { readonly op: "file_name"; readonly value: string }
  | { readonly op: "container_prefix"; readonly value: string }
  /** The lower-cased word stands in the event's search text. */
  | { readonly op: "word"; readonly value: string };

/** Half-open: from <= observed_at < to. Microseconds since 1970. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

const MAX_WORDS = 16;
const MAX_LIST = 64;
const DEFAULT_SPAN_US = 3_600_000_000;
const UNIT_US = { s: 1e6, m: 60e6, h: 3_600e6, d: 86_400e6 } as const;
/** Years outside are refused: DateTime64(6) ends in 2299. */
const MAX_US = Date.UTC(2200, 0, 1) * 1000;
const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

function refuse(pointer: string, message: string, hint?: string): never {
  throw new AppError("invalid_request", `${pointer}: ${message}`, { pointer, ...(hint ? { hint } : {}) });
}

function text(pointer: string, value: string): string {
  if (!value.isWellFormed()) refuse(pointer, "is not valid text");
  return value;
}

function list(name: "kind" | "severity" | "sensor_id" | "node_name", values: readonly string[] | undefined): string[] {
  const given = [...new Set(values ?? [])];
  if (given.length > MAX_LIST) refuse(`/${name}`, `names more than ${MAX_LIST} values`);
  return given.map((value) => text(`/${name}`, value));
}

/** Lower-cases A-Z only, as ClickHouse's lower() does for the search column: both sides must agree. */
export function asciiLower(value: string): string {
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Checks a filter and turns it into conditions; its time fields are read by `parseRange`.
 * Throws AppError `invalid_request` with a pointer to the field at fault.
 */
export function parseFilter(filter: EventFilter): readonly Condition[] {
  const all: Condition[] = [];
  const add = (column: FilterColumn, values: readonly string[]): void => {
    if (values.length > 0) all.push({ op: "in", column, values });
  };
  const kinds = list("kind", filter.kind);
  for (const kind of kinds)
    if (!isEventKind(kind)) refuse("/kind", "unknown event kind", `Known kinds: ${EVENT_KINDS.join(", ")}.`);
  add("event_kind", kinds);
  const severities = list("severity", filter.severity);
  for (const severity of severities)
    if (!SEVERITIES.includes(severity as Severity)) refuse("/severity", `must be one of ${SEVERITIES.join(", ")}`);
  add("severity", severities);
  const sensors = list("sensor_id", filter.sensor_id);
  for (const id of sensors) if (!isUuid(id)) refuse("/sensor_id", "is not a sensor id");
  add("sensor_id", sensors);
  add("node_name", list("node_name", filter.node_name));
  const binary = text("/process_executable", filter.process_executable ?? "");
  if (binary.includes("/")) add("process_executable", [binary]);
  else if (binary !== "") all.push({ op: "file_name", value: binary });
  if (filter.exec_id) add("exec_id", [text("/exec_id", filter.exec_id)]);
  if (filter.container_id) {
    if (!/^[0-9a-f]{1,64}$/.test(filter.container_id))
      refuse("/container_id", "is not a container id or its beginning");
    all.push({ op: "container_prefix", value: filter.container_id });
  }
  const words = new Set(
    asciiLower(text("/q", filter.q ?? ""))
      .split(/\s+/)
      .filter(Boolean),
  );
  if (words.size > MAX_WORDS) refuse("/q", `has more than ${MAX_WORDS} words`);
  for (const value of words) all.push({ op: "word", value });
  return all;
}

function parseTime(pointer: string, value: string): number {
  const match = RFC3339.exec(value);
  const ms = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  // Date.parse takes 31 February for 3 March.
  const given = new Date(Date.parse(`${match?.[1]}Z`));
  if (!match || Number.isNaN(ms) || !given.toISOString().startsWith(match[1]!))
    return refuse(pointer, "is not an RFC 3339 time", "For example 2026-01-31T12:00:00Z.");
  const us = ms * 1000 + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
  if (us < 0 || us > MAX_US) refuse(pointer, "lies outside 1970 to 2200");
  return us;
}

/** Time range of a filter: `since` counted back from now, or `from`/`to`, or the last hour. */
export function parseRange(filter: EventFilter, nowMs: number): TimeRange {
  const { since, from, to } = filter;
  const nowUs = nowMs * 1000;
  if (since !== undefined) {
    if (from !== undefined || to !== undefined)
      refuse("/since", "stands beside from or to", "Give since, or from and to.");
    const match = /^([0-9]{1,4})([smhd])$/.exec(since);
    const spanUs = match ? Number(match[1]) * UNIT_US[match[2] as keyof typeof UNIT_US] : 0;
    if (spanUs <= 0) refuse("/since", "is not a span of time", "For example 15m, 1h, 24h or 7d.");
    return { fromUs: Math.max(0, nowUs - spanUs), toUs: nowUs };
  }
  const toUs = to === undefined ? nowUs : parseTime("/to", to);
  const fromUs = from === undefined ? Math.max(0, toUs - DEFAULT_SPAN_US) : parseTime("/from", from);
  if (fromUs >= toUs) refuse("/from", "is not before the end of the range");
  return { fromUs, toUs };
}
