import { computed, effect, signal, untracked } from "@preact/signals";
import type { EventDetail, EventFilter, EventHistogram, EventRow } from "../../../core/api/events.ts";
import { api, toFailure, type ApiFailure } from "../../api.ts";
import { liveState, onLiveEvents, paused, setPaused, subscribeEvents } from "../../live.ts";
import { createResource, throttle } from "../../resource.ts";
import { query, setQuery } from "../../router.ts";
import { rangeParams, timeRange } from "../../time-range.ts";
import { filterParams, mergeFilter, mergeRows, parseFilter } from "./filter.ts";

const PAGE = 200;
const MOST_ROWS = 20_000;
const MOST_PENDING = 2_000;
const HISTOGRAM_MS = 10_000;

/** Search, live tail and selection of the events page. The URL holds filter, range and the selected event. */
export function createEventsState() {
  const filter = computed(() => parseFilter(query.value));
  const filterKey = computed(() => JSON.stringify([filter.value, rangeParams(timeRange.value)]));
  const selectedId = computed(() => query.value.get("event") ?? undefined);
  const rows = signal<readonly EventRow[]>([]);
  const cursor = signal<string | null>(null);
  const loading = signal(true);
  const failure = signal<ApiFailure | undefined>(undefined);
  const loadedAtMs = signal(0);
  const tookMs = signal(0);
  /** Live events not shown yet, newest last. */
  const pending = signal<readonly EventRow[]>([]);
  /** Live events that came in all since the last search, shown or not; and those passed over on the way. */
  const sampledOut = signal(0);
  const overflow = signal(0);
  /** More came while nothing was heard than could be fetched. */
  const gap = signal(false);
  const follow = signal(false);
  const atTop = signal(true);
  const tailCut = signal(false);
  const isLiveRange = computed(() => "since" in timeRange.value);

  const apiParams = (): Record<string, string | number | null> => ({
    ...filterParams(filter.peek()),
    ...rangeParams(timeRange.peek()),
  });
  const histogram = createResource<EventHistogram>((abort) => api.histogram(apiParams(), abort));
  const detail = createResource<EventDetail>((abort) => api.event(selectedId.peek() ?? "", abort));
  const refreshHistogram = throttle(HISTOGRAM_MS, () => histogram.load());
  let searching: AbortController | undefined;

  const search = async (): Promise<void> => {
    searching?.abort();
    const mine = new AbortController();
    searching = mine;
    loading.value = true;
    try {
      const answer = await api.events({ ...apiParams(), limit: PAGE }, mine.signal);
      if (mine.signal.aborted) return;
      rows.value = answer.events;
      cursor.value = answer.next_cursor;
      tookMs.value = answer.took_ms;
      failure.value = undefined;
      pending.value = [];
      sampledOut.value = 0;
      overflow.value = 0;
      gap.value = false;
      tailCut.value = false;
      loadedAtMs.value = Date.now();
    } catch (error) {
      if (!mine.signal.aborted) failure.value = toFailure(error);
    } finally {
      if (!mine.signal.aborted) loading.value = false;
    }
  };
  let fetchingMore = false;
  const more = async (): Promise<void> => {
    const from = cursor.peek();
    if (from === null || fetchingMore || loading.peek()) return;
    fetchingMore = true;
    const key = filterKey.peek();
    try {
      const answer = await api.events({ ...apiParams(), limit: PAGE, cursor: from });
      if (key !== filterKey.peek()) return;
      const known = new Set(rows.peek().map((row) => row.event_id));
      rows.value = [...rows.peek(), ...answer.events.filter((row) => !known.has(row.event_id))];
      cursor.value = answer.next_cursor;
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      fetchingMore = false;
    }
  };
  /** Fetches what came while nothing was heard, as news: the list itself stays as it is. */
  const catchUp = async (): Promise<void> => {
    if (!isLiveRange.peek() || loading.peek()) return;
    const key = filterKey.peek();
    try {
      const answer = await api.events({ ...apiParams(), limit: PAGE });
      if (key !== filterKey.peek()) return;
      const known = new Set([...rows.peek(), ...pending.peek()].map((row) => row.event_id));
      const missed = answer.events.filter((row) => !known.has(row.event_id));
      gap.value ||= missed.length === PAGE;
      addPending(missed.toReversed());
      refreshHistogram.call();
    } catch {
      gap.value = true;
    }
  };
  const addPending = (events: readonly EventRow[]): void => {
    const all = [...pending.peek(), ...events];
    overflow.value += Math.max(0, all.length - MOST_PENDING);
    pending.value = all.slice(-MOST_PENDING);
    // An empty list has nothing that could jump.
    const empty = rows.peek().length === 0;
    if (empty || (follow.peek() && atTop.peek() && selectedId.peek() === undefined)) showPending();
  };
  const showPending = (): void => {
    if (pending.peek().length === 0) return;
    const merged = mergeRows(pending.peek(), rows.peek());
    tailCut.value ||= merged.length > MOST_ROWS;
    rows.value = merged.slice(0, MOST_ROWS);
    if (tailCut.peek()) cursor.value = null;
    pending.value = [];
  };
  const setFilter = (next: EventFilter): void => setQuery({ ...filterParams(next), event: null });
  const addFilter = (more_: EventFilter): void => setFilter(mergeFilter(filter.peek(), more_));
  const select = (id: string | null): void =>
    setQuery({ event: id }, { replace: selectedId.peek() !== undefined && id !== null });
  const step = (by: number): void => {
    const list = rows.peek();
    const at = list.findIndex((row) => row.event_id === selectedId.peek());
    const next = list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + by))];
    if (next) select(next.event_id);
  };
  const setFollow = (value: boolean): void => {
    follow.value = value;
    if (value && paused.peek()) setPaused(false);
    if (value) showPending();
  };

  const start = (): (() => void) => {
    let knownKey = "";
    let wasDeaf = false;
    const stops = [
      effect(() => {
        if (filterKey.value === knownKey) return;
        knownKey = filterKey.value;
        void search();
        histogram.load();
        subscribeEvents(isLiveRange.peek() ? filter.peek() : undefined);
      }),
      effect(() => {
        if (selectedId.value !== undefined) detail.load({ fresh: true });
      }),
      onLiveEvents((events, passedOver) => {
        if (!isLiveRange.peek() || loading.peek()) return;
        sampledOut.value += passedOver;
        addPending(events);
        refreshHistogram.call();
      }),
      effect(() => {
        const deaf = liveState.value === "lost" || paused.value;
        if (!deaf && wasDeaf) void untracked(catchUp);
        wasDeaf = deaf;
      }),
      refreshHistogram.stop,
      histogram.stop,
      detail.stop,
      () => searching?.abort(),
      () => subscribeEvents(undefined),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return {
    filter,
    selectedId,
    rows,
    cursor,
    loading,
    failure,
    loadedAtMs,
    tookMs,
    pending,
    sampledOut,
    overflow,
    gap,
    follow,
    atTop,
    tailCut,
    isLiveRange,
    histogram,
    detail,
    search,
    more,
    showPending,
    setFilter,
    addFilter,
    select,
    step,
    setFollow,
    start,
  };
}
export type EventsState = ReturnType<typeof createEventsState>;
