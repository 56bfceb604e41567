import { computed, effect, signal } from "@preact/signals";
import type { LossRange } from "../../../core/api/losses.ts";
import { api, toFailure } from "../../api.ts";
import { toastFailed } from "../../parts/toast.tsx";
import { createResource, poll } from "../../resource.ts";
import { query, setQuery } from "../../router.ts";
import { rangeParams, timeRange } from "../../time-range.ts";
import { newestLossFirst } from "./words.ts";

const PAGE = 30;
const POLL_MS = 30_000;
const FILTERS = ["sensor", "stage", "cause"] as const;
export type LossFilterName = (typeof FILTERS)[number];

/** The ledger of losses and the signed roots. The URL holds filter and range. */
export function createLossesState() {
  const filter = computed(() => Object.fromEntries(FILTERS.map((name) => [name, query.value.get(name)])));
  const params = (): Record<string, string | number | null> => ({
    ...filter.value,
    ...rangeParams(timeRange.value),
    limit: PAGE,
  });
  const key = computed(() => JSON.stringify(params()));
  const report = createResource((abort) => api.losses(params(), abort));
  /** The sensor of the filter, for its name. */
  const sensor = createResource((abort) => api.sensor(filter.peek()["sensor"] ?? "", abort));
  const roots = createResource((abort) => api.integrityRoots({ limit: 24 }, abort));
  /** Ranges behind the first page. */
  const further = signal<readonly LossRange[]>([]);
  const cursor = signal<string | null>(null);
  const fetching = signal(false);
  const ranges = computed(() =>
    [...(report.state.value.data?.ranges ?? []), ...further.value].toSorted(newestLossFirst),
  );
  /** The row at hand. */
  const active = signal<string | undefined>(undefined);
  const next = computed(() =>
    further.value.length > 0 ? cursor.value : (report.state.value.data?.next_cursor ?? null),
  );

  const more = async (): Promise<void> => {
    const from = next.peek();
    if (from === null || fetching.peek()) return;
    const wanted = key.peek();
    fetching.value = true;
    try {
      const answer = await api.losses({ ...params(), cursor: from });
      if (wanted !== key.peek()) return;
      further.value = [...further.peek(), ...answer.ranges];
      cursor.value = answer.next_cursor;
    } catch (error) {
      toastFailed("More losses could not be fetched.", toFailure(error));
    } finally {
      fetching.value = false;
    }
  };
  const narrow = (name: LossFilterName, value: string | null): void => setQuery({ [name]: value });
  const start = (): (() => void) => {
    roots.load();
    const stops = [
      effect(() => {
        const id = query.value.get("sensor");
        if (id !== null && sensor.state.peek().data?.sensor_id !== id) sensor.load({ fresh: true });
      }),
      effect(() => {
        JSON.stringify(key.value);
        further.value = [];
        report.load({ fresh: true });
      }),
      // A list that was paged through would jump.
      poll(POLL_MS, () => further.peek().length === 0 && report.load()),
      report.stop,
      sensor.stop,
      roots.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { filter, report, sensor, roots, ranges, active, next, fetching, more, narrow, start };
}
export type LossesState = ReturnType<typeof createLossesState>;
