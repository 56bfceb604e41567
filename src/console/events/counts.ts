import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Scheduler } from "../jobs/service.ts";
import type { TimeRange } from "./filter.ts";
import { groupSlots, SLOT_SECS } from "./slots.ts";
import type { BucketRow } from "./store.ts";
import type { CountStore, SlotCount, SlotState } from "./store-counts.ts";

/** Slots that ended so lately still get events: they are counted, but the count is not kept. */
const UNSETTLED_SECS = 600;
/** One count reads events of at most this long. */
const GROUP_SECS = 86_400;
const EVERY_MS = 300_000;
/** As far back as events can be kept. */
const LONGEST_US = 800 * 86_400e6;

/** Counts of events over slots, kept from before where nothing has changed since. */
export interface EventCounts {
  /** Counts by time and severity over whole slots, each event once; `stepUs` is a multiple of a slot. Buckets that hold something. */
  buckets(
    tenantId: string,
    severities: ReadonlySet<string> | undefined,
    range: TimeRange,
    stepUs: number,
    signal?: AbortSignal,
  ): Promise<BucketRow[]>;
  /** Counts what is not counted yet of every tenant, so that nobody has to wait for it. */
  settle(signal?: AbortSignal): Promise<void>;
  /** Has this done every five minutes. */
  schedule(jobs: Scheduler): void;
}

const EMPTY = { info: 0, warning: 0, high: 0, critical: 0, late: 0 };
const key = (count: { slot: number; severity: string }): string => `${count.slot} ${count.severity}`;

/** Event counts on a store. */
export function createEventCounts(deps: { store: CountStore; clock: Clock; log: Log }): EventCounts {
  const { store, clock } = deps;
  const log = deps.log.child("event counts");

  /** Counts the slots of these states that have no valid count; what will hardly change any more is kept. */
  async function countStale(
    tenantId: string,
    states: readonly SlotState[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly stale: ReadonlySet<number>; readonly counts: readonly SlotCount[] }> {
    const stale = new Set(states.filter((state) => !state.counted).map((state) => state.slot));
    const counts: SlotCount[] = [];
    for (const group of groupSlots([...stale], GROUP_SECS)) {
      const found = await store.count(tenantId, group, signal);
      counts.push(...found);
      const settledSecs = clock.nowMs() / 1000 - UNSETTLED_SECS - SLOT_SECS;
      const known = new Map(states.filter((state) => state.slot < settledSecs).map((state) => [key(state), state]));
      const kept = found.flatMap((count) => {
        const state = known.get(key(count));
        return state ? [{ ...count, rows: state.rows, seqs: state.seqs }] : [];
      });
      // Without it the next one counts again.
      if (kept.length > 0)
        await store
          .save(tenantId, kept, clock.nowMs())
          .catch((error: unknown) => log.warn("counts could not be kept", { error }));
    }
    return { stale, counts };
  }

  async function countsOf(tenantId: string, range: TimeRange, signal: AbortSignal | undefined): Promise<SlotCount[]> {
    const states = await store.listSlots(tenantId, range, signal);
    const { stale, counts: anew } = await countStale(tenantId, states, signal);
    const kept = states.flatMap(({ slot, severity, counted }) =>
      counted && !stale.has(slot) ? [{ slot, severity, ...counted }] : [],
    );
    return [...kept, ...anew];
  }

  const counts: EventCounts = {
    async buckets(tenantId, severities, range, stepUs, signal) {
      const rows = new Map<number, { -readonly [K in keyof BucketRow]: BucketRow[K] }>();
      for (const { slot, severity, events, late } of await countsOf(tenantId, range, signal)) {
        if (severities && !severities.has(severity)) continue;
        const bucket = Math.floor((slot * 1e6) / stepUs);
        const row = rows.get(bucket) ?? { bucket, ...EMPTY };
        rows.set(bucket, row);
        row[severity as "info"] += events;
        row.late += late;
      }
      return [...rows.values()];
    },

    async settle(signal) {
      const toUs = Math.floor(clock.nowMs() / 1000 / SLOT_SECS) * SLOT_SECS * 1e6;
      for (const tenantId of await store.listTenants()) {
        const states = await store.listSlots(tenantId, { fromUs: Math.max(0, toUs - LONGEST_US), toUs }, signal);
        await countStale(tenantId, states, signal);
      }
    },

    schedule(jobs) {
      jobs.every("count events", EVERY_MS, ({ signal }) => counts.settle(signal));
    },
  };
  return counts;
}
