import { computed, effect } from "@preact/signals";
import type { EventRow } from "../../../core/api/events.ts";
import { api } from "../../api.ts";
import { second } from "../../clock.ts";
import { onSensorNews } from "../../live.ts";
import { createResource, poll, throttle } from "../../resource.ts";
import { can, setUpAtMs } from "../../session.ts";
import { rangeParams, timeRange } from "../../time-range.ts";
import { arrivalPhase, isYoung } from "./arrival-phase.ts";

const POLL_MS = 15_000;
/** While nothing is there yet, somebody looks at the screen and waits. */
const ARRIVAL_MS = 1_500;
const NEWS_MS = 5_000;
const SAMPLE = 1000;
const SERIOUS = 12;
const ATTENTION = 8;

/** The fleet and what fired, in the page's time range. */
export function createOverviewState() {
  const range = () => rangeParams(timeRange.peek());
  const fleet = createResource((abort) => api.sensors({ sort: "enrolled_at", order: "desc", page_size: 1 }, abort));
  const tokens = createResource((abort) => api.tokens(abort));
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
  const arrival = computed(() => {
    const list = fleet.state.value.data;
    if (!list) return undefined;
    return arrivalPhase({
      list,
      events: can("analyst") ? histogram.state.value.data?.total : 1,
      tokens: tokens.state.value.data,
      setUpAtMs: setUpAtMs.value,
      nowMs: second.value,
    });
  });
  const loadEvents = (): void => {
    if (!can("analyst")) return;
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
      poll(ARRIVAL_MS, () => {
        const phase = arrival.peek();
        const newest = fleet.state.peek().data?.sensors[0];
        if (!phase) {
          // The first minutes of a host are watched as they fill.
          if (newest && can("analyst") && isYoung(newest, Date.now()) && !histogram.state.peek().loading)
            histogram.load();
          return;
        }
        fleet.load();
        if (can("operator")) tokens.load();
        if (phase.at === "joined") loadEvents();
      }),
      refreshFleet.stop,
      ...[fleet, tokens, attention, histogram, serious, sample].map((resource) => resource.stop),
    ];
    fleet.load();
    attention.load();
    if (can("operator")) tokens.load();
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { fleet, arrival, attention, histogram, serious, sample, loadAll, start };
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
