import { effect } from "@preact/signals";
import type { EventRow } from "../../../core/api/events.ts";
import { api } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { createResource, poll, throttle } from "../../resource.ts";
import { rangeParams, timeRange } from "../../time-range.ts";

const POLL_MS = 15_000;
const NEWS_MS = 5_000;
const SAMPLE = 1000;
const SERIOUS = 12;
const ATTENTION = 8;

/** The fleet and what fired, in the page's time range. */
export function createOverviewState() {
  const range = () => rangeParams(timeRange.peek());
  const fleet = createResource((abort) => api.sensors({ page_size: 1 }, abort));
  const attention = createResource((abort) =>
    api.sensors({ needs_attention: true, sort: "health_state", order: "desc", page_size: ATTENTION }, abort),
  );
  const histogram = createResource((abort) => api.histogram(range(), abort));
  const serious = createResource((abort) =>
    api.events({ ...range(), severity: "high,critical", limit: SERIOUS }, abort),
  );
  const sample = createResource((abort) => api.events({ ...range(), limit: SAMPLE }, abort));
  const refreshFleet = throttle(NEWS_MS, () => {
    fleet.load();
    attention.load();
  });
  const loadEvents = (): void => {
    histogram.load();
    serious.load();
    sample.load();
  };
  const loadAll = (): void => {
    fleet.load();
    attention.load();
    loadEvents();
  };
  const start = (): (() => void) => {
    const stops = [
      effect(() => {
        JSON.stringify(timeRange.value);
        loadEvents();
      }),
      onSensorNews(() => refreshFleet.call()),
      poll(POLL_MS, loadAll),
      refreshFleet.stop,
      ...[fleet, attention, histogram, serious, sample].map((resource) => resource.stop),
    ];
    fleet.load();
    attention.load();
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { fleet, attention, histogram, serious, sample, loadAll, start };
}
export type OverviewState = ReturnType<typeof createOverviewState>;

/** Values by how often they occur, most often first; pure. */
export function countBy(
  rows: readonly EventRow[],
  pick: (row: EventRow) => string,
  most: number,
): { readonly key: string; readonly value: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(pick(row), (counts.get(pick(row)) ?? 0) + 1);
  return [...counts]
    .map(([key, value]) => ({ key, value }))
    .filter(({ key }) => key !== "")
    .toSorted((a, b) => b.value - a.value || a.key.localeCompare(b.key))
    .slice(0, most);
}
