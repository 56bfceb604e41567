import type { EventFilter, EventRow } from "../../../core/api/events.ts";
import { EVENT_KINDS } from "../../../core/event/kinds.ts";
import { patchSearch } from "../../router.ts";
import { kindTitle, sentence } from "../../words.ts";

const LISTS = ["kind", "severity", "sensor_id", "node_name"] as const;
const TEXTS = ["q", "process_executable", "exec_id", "container_id"] as const;
export type FilterField = (typeof LISTS)[number] | (typeof TEXTS)[number];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The filter a URL states, without its time range; pure. */
export function parseFilter(params: URLSearchParams): EventFilter {
  const filter: Mutable<EventFilter> = {};
  for (const field of LISTS) {
    const values = (params.get(field) ?? "").split(",").filter(Boolean);
    if (values.length > 0) filter[field] = [...new Set(values)];
  }
  for (const field of TEXTS) {
    const value = params.get(field);
    if (value) filter[field] = value;
  }
  return filter;
}

/** Inverse of parseFilter: parameters for URL and API, null where the filter says nothing. */
export function filterParams(filter: EventFilter): Record<FilterField, string | null> {
  const params = {} as Record<FilterField, string | null>;
  for (const field of LISTS) params[field] = filter[field]?.join(",") || null;
  for (const field of TEXTS) params[field] = filter[field] || null;
  return params;
}

/** Two filters as one: lists are joined, texts of the second replace, words are added up; pure. */
export function mergeFilter(old: EventFilter, more: EventFilter): EventFilter {
  const merged: Mutable<EventFilter> = { ...old, ...more };
  for (const field of ["sensor_id", "node_name"] as const)
    if (old[field] && more[field]) merged[field] = [...new Set([...old[field], ...more[field]])];
  if (old.kind && more.kind)
    merged.kind = isExclusion(more.kind)
      ? old.kind.filter((kind) => more.kind!.includes(kind))
      : isExclusion(old.kind)
        ? more.kind
        : [...new Set([...old.kind, ...more.kind])];
  if (old.q && more.q) merged.q = `${old.q} ${more.q}`;
  return merged;
}

/** A list of kinds so long that it means "all but". */
function isExclusion(kinds: readonly string[]): boolean {
  return kinds.length > EVENT_KINDS.length / 2;
}

/** The filter as tokens to show, each with the filter that is left when it is removed; pure. */
export function filterTokens(
  filter: EventFilter,
): { readonly field: string; readonly value: string; readonly without: EventFilter }[] {
  const tokens: { field: string; value: string; without: EventFilter }[] = [];
  const without = (field: FilterField): EventFilter => {
    const { [field]: _gone, ...rest } = filter;
    return rest;
  };
  if (filter.kind && isExclusion(filter.kind)) {
    const out = EVENT_KINDS.filter((kind) => !filter.kind?.includes(kind));
    tokens.push({ field: "not", value: out.map(kindTitle).join(", ") || "no kind", without: without("kind") });
  } else if (filter.kind)
    tokens.push({ field: "kind", value: filter.kind.map(kindTitle).join(", "), without: without("kind") });
  if (filter.severity)
    tokens.push({ field: "severity", value: filter.severity.map(sentence).join(", "), without: without("severity") });
  if (filter.node_name)
    tokens.push({ field: "node", value: filter.node_name.join(", "), without: without("node_name") });
  if (filter.sensor_id)
    tokens.push({ field: "sensor", value: filter.sensor_id.join(", "), without: without("sensor_id") });
  if (filter.process_executable)
    tokens.push({ field: "process", value: filter.process_executable, without: without("process_executable") });
  if (filter.exec_id) tokens.push({ field: "exec", value: filter.exec_id, without: without("exec_id") });
  if (filter.container_id)
    tokens.push({ field: "container", value: filter.container_id.slice(0, 12), without: without("container_id") });
  if (filter.q) tokens.push({ field: "text", value: filter.q, without: without("q") });
  return tokens;
}

/** Address of the events page with a filter. */
export function eventsHref(filter: EventFilter, range: Readonly<Record<string, string | null>> = {}): string {
  return `/events${patchSearch("", { ...filterParams(filter), ...range })}`;
}

/** All kinds but one, within those wanted until now. */
export function excludeKind(filter: EventFilter, kind: string): EventFilter {
  return { ...filter, kind: (filter.kind ?? EVENT_KINDS).filter((other) => other !== kind) };
}

/** Newest first; of equal times the later number first. */
export function newestFirst(a: EventRow, b: EventRow): number {
  return a.observed_at < b.observed_at ? 1 : a.observed_at > b.observed_at ? -1 : 0;
}

/** New rows before old ones, each event once, newest first among the new; pure. */
export function mergeRows(fresh: readonly EventRow[], old: readonly EventRow[]): EventRow[] {
  const known = new Set(old.map((row) => row.event_id));
  const added = fresh.filter((row) => !known.has(row.event_id) && known.add(row.event_id));
  return [...added.toSorted(newestFirst), ...old];
}
