import type {
  EventDetail,
  EventFilter,
  EventHistogram,
  EventSearchQuery,
  EventSearchResult,
} from "../../core/api/events.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { parseEventId, type RuntimeEvent } from "../../core/event/event.ts";
import { formatCursor, parseCursor, type Cursor, type EventKey } from "./cursor.ts";
import { parseFilter, parseRange, type Condition, type TimeRange } from "./filter.ts";
import type { EventCounts } from "./counts.ts";
import { chooseStep, fillBuckets, mergeLosses } from "./histogram.ts";
import { isOverLimit, SEARCH_BUDGET_MS } from "./limits.ts";
import { formatMicros, toEventRow, type ListRow } from "./row.ts";
import { cutAtSlots, severitiesOf, sumBuckets } from "./slots.ts";
import type { BucketRow, EventStore } from "./store.ts";

export interface EventService {
  /** Newest first. `from` says how far back was looked: the budget may end a search before its range does; the cursor goes on. */
  search(tenantId: string, query: EventSearchQuery, signal?: AbortSignal): Promise<EventSearchResult>;
  histogram(tenantId: string, filter: EventFilter, signal?: AbortSignal): Promise<EventHistogram>;
  /** AppError `not_found` when the tenant has no such event. */
  detail(tenantId: string, eventId: string, signal?: AbortSignal): Promise<EventDetail>;
}

const DEFAULT_LIMIT = 100;
/** The newest quarter of an hour is looked at first, then ever longer stretches: most searches end in the first. */
const FIRST_SPAN_US = 15 * 60e6;
const SPAN_GROWTH = 8;
const MAX_LOSS_ROWS = 20_000;

const keyOf = (row: ListRow): EventKey => ({
  atUs: Number(row.observed_us),
  sensorId: row.sensor_id,
  epoch: row.epoch,
  seq: Number(row.seq),
});

const sameKey = (a: EventKey | undefined, b: EventKey): boolean =>
  a !== undefined && a.seq === b.seq && a.atUs === b.atUs && a.sensorId === b.sensorId && a.epoch === b.epoch;

/** Event queries over an event store. With counts from before, a histogram over days reads no events. */
export function createEventService(deps: { store: EventStore; counts?: EventCounts; clock: Clock }): EventService {
  const { store, counts, clock } = deps;

  async function bucketsOf(
    tenantId: string,
    conditions: readonly Condition[],
    range: TimeRange,
    stepSecs: number,
    signal: AbortSignal | undefined,
  ): Promise<BucketRow[]> {
    const stepUs = stepSecs * 1e6;
    const severities = severitiesOf(conditions);
    const cut = counts && severities !== false ? cutAtSlots(range, stepSecs) : undefined;
    if (!counts || !cut || severities === false) return store.buckets(tenantId, conditions, range, stepUs, signal);
    const parts = [
      counts.buckets(tenantId, severities, cut.whole, stepUs, signal),
      ...cut.edges.map((edge) => store.buckets(tenantId, conditions, edge, stepUs, signal)),
    ];
    return sumBuckets(await Promise.all(parts));
  }

  return {
    async search(tenantId, query, signal) {
      const startMs = clock.monotonicMs();
      const conditions = parseFilter(query);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const start: Cursor | undefined = query.cursor === undefined ? undefined : parseCursor(query.cursor);
      const range = start?.range ?? parseRange(query, clock.nowMs());
      const rows: ListRow[] = [];
      let below = start?.key;
      let untilUs = start?.untilUs ?? range.toUs;
      let spanUs = FIRST_SPAN_US;
      // One row more than asked for says whether there is a next page.
      while (rows.length <= limit && untilUs > range.fromUs) {
        const fromUs = Math.max(range.fromUs, untilUs - spanUs);
        const leftMs = SEARCH_BUDGET_MS - (clock.monotonicMs() - startMs);
        const began = start ? untilUs < start.untilUs : untilUs < range.toUs;
        if (leftMs <= 0 && (began || rows.length > 0)) break;
        const wanted = limit + 1 - rows.length;
        let got: ListRow[];
        try {
          const page = {
            conditions,
            range: { fromUs, toUs: untilUs },
            below,
            limit: wanted,
            timeoutMs: Math.max(1000, leftMs),
          };
          got = await store.page(tenantId, page, signal);
        } catch (error) {
          if (!isOverLimit(error) || !(began || rows.length > 0)) throw error;
          break;
        }
        for (const row of got) {
          const key = keyOf(row);
          // A re-delivery not yet collapsed by the store stands beside its first delivery.
          if (!sameKey(below, key)) rows.push(row);
          below = key;
        }
        if (got.length < wanted) {
          untilUs = fromUs;
          below = undefined;
          spanUs *= SPAN_GROWTH;
        }
      }
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const cut = rows.length > limit && last !== undefined;
      const more = cut || untilUs > range.fromUs;
      const lastKey = last ? keyOf(last) : undefined;
      const next: Cursor = cut
        ? { range, untilUs: Math.min(lastKey!.atUs + 1, range.toUs), key: lastKey }
        : { range, untilUs, key: below };
      return {
        events: shown.map(toEventRow),
        next_cursor: more ? formatCursor(next) : null,
        from: formatMicros(cut ? lastKey!.atUs : untilUs),
        to: formatMicros(range.toUs),
        took_ms: Math.round(clock.monotonicMs() - startMs),
      };
    },

    async histogram(tenantId, filter, signal) {
      const conditions = parseFilter(filter);
      const range = parseRange(filter, clock.nowMs());
      const step = chooseStep(range);
      const sensors = { ids: filter.sensor_id ?? [], names: filter.node_name ?? [] };
      const [rows, losses] = await Promise.all([
        bucketsOf(tenantId, conditions, range, step, signal),
        store.losses(tenantId, sensors, range, step * 1e6, MAX_LOSS_ROWS, signal),
      ]);
      return {
        from: formatMicros(range.fromUs),
        to: formatMicros(range.toUs),
        step_secs: step,
        buckets: fillBuckets(rows, range, step),
        blind: mergeLosses(losses, range, step),
        total: rows.reduce((sum, row) => sum + row.info + row.warning + row.high + row.critical, 0),
      };
    },

    async detail(tenantId, eventId, signal) {
      const id = parseEventId(eventId);
      const row = id && (await store.find(tenantId, id, signal));
      if (!row)
        throw new AppError("not_found", "There is no such event.", { hint: "It may have passed its retention time." });
      return {
        ...toEventRow(row),
        event: JSON.parse(row.event) as Omit<RuntimeEvent, "raw">,
        raw: row.raw === "" ? null : row.raw,
        epoch: row.epoch,
        seq: Number(row.seq),
      };
    },
  };
}
