import { computed } from "@preact/signals";
import { query, setQuery } from "./router.ts";
import { formatClock, formatDay } from "./format.ts";

/** The one time range of a page: counted back from now, or between two fixed times (ms since 1970). */
export type TimeRange = { readonly since: string } | { readonly fromMs: number; readonly toMs: number };

export const DEFAULT_RANGE: TimeRange = { since: "1h" };
export const PRESETS: readonly { readonly since: string; readonly label: string }[] = [
  { since: "15m", label: "Last 15 minutes" },
  { since: "1h", label: "Last hour" },
  { since: "6h", label: "Last 6 hours" },
  { since: "24h", label: "Last 24 hours" },
  { since: "7d", label: "Last 7 days" },
  { since: "30d", label: "Last 30 days" },
];

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Length of a `since` text in ms; undefined when it is not one. */
export function sinceMs(since: string): number | undefined {
  const match = /^([0-9]{1,4})([smhd])$/.exec(since);
  if (!match || Number(match[1]) === 0) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** The range a URL states; anything unusable is the default. */
export function parseRange(params: URLSearchParams): TimeRange {
  const fromMs = Date.parse(params.get("from") ?? "");
  const toMs = Date.parse(params.get("to") ?? "");
  if (fromMs < toMs) return { fromMs, toMs };
  const since = params.get("since") ?? "";
  return sinceMs(since) === undefined ? DEFAULT_RANGE : { since };
}

/** URL and API parameters of a range. */
export function rangeParams(range: TimeRange): { since: string | null; from: string | null; to: string | null } {
  if ("since" in range) return { since: range.since, from: null, to: null };
  return { since: null, from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
}

/** Both ends of a range in ms since 1970. */
export function rangeBounds(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  if (!("since" in range)) return range;
  return { fromMs: nowMs - (sinceMs(range.since) ?? UNIT_MS.h), toMs: nowMs };
}

/** What the range's button says. */
export function rangeLabel(range: TimeRange, nowMs: number): string {
  if ("since" in range) return PRESETS.find((p) => p.since === range.since)?.label ?? `Last ${range.since}`;
  const from = `${formatDay(range.fromMs, nowMs)} ${formatClock(range.fromMs)}`;
  const sameDay = new Date(range.fromMs).toDateString() === new Date(range.toMs).toDateString();
  return `${from} – ${sameDay ? "" : `${formatDay(range.toMs, nowMs)} `}${formatClock(range.toMs)}`;
}

export const timeRange = computed(() => parseRange(query.value));

/** Sets the page's range. */
export function setTimeRange(range: TimeRange): void {
  setQuery(rangeParams(range));
}
