import { computed, effect, signal } from "@preact/signals";
import type { SensorSummary } from "../../../core/api/sensors.ts";
import { api, toFailure } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { plural } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource, poll, throttle } from "../../resource.ts";
import { query, setQuery } from "../../router.ts";
import { PAGE_SIZE, sensorParams } from "./filters.ts";
import { ACTION_WORDS, type SensorAction } from "./actions.ts";

const NEWS_MS = 3000;
const POLL_MS = 15_000;
/** The order while the reader chose none. */
const WORST_FIRST = { sort: "health_state", order: "desc" } as const;

/** The list of sensors: filters, sorting and page live in the URL; news refresh it in place. */
export function createSensorsState() {
  const params = computed(() => sensorParams(query.value));
  const key = computed(() => JSON.stringify(params.value));
  const list = createResource((abort) =>
    api.sensors({ ...(params.peek()["sort"] ? {} : WORST_FIRST), ...params.peek(), page_size: PAGE_SIZE }, abort),
  );
  const checked = signal<ReadonlySet<string>>(new Set());
  const active = signal<string | undefined>(undefined);
  const deploying = computed(() => query.value.get("deploy") === "1");
  const busy = signal(false);
  const rows = computed(() => list.state.value.data?.sensors ?? []);
  const refresh = throttle(NEWS_MS, () => list.load());

  const setFilter = (patch: Readonly<Record<string, string | null>>): void => setQuery({ ...patch, page: null });
  const sortBy = (id: string): void => {
    const { sort, order } = params.peek();
    setFilter({ sort: id, order: sort === id && order !== "desc" ? "desc" : "asc" });
  };
  const step = (by: number): void => {
    const at = rows.peek().findIndex((row) => row.sensor_id === active.peek());
    const next = rows.peek()[Math.max(0, Math.min(rows.peek().length - 1, at + by))];
    if (next) active.value = next.sensor_id;
  };

  /** Does one thing to several sensors, after asking; says how many went well. */
  const act = async (action: SensorAction, sensors: readonly SensorSummary[]): Promise<void> => {
    const words = ACTION_WORDS[action];
    const who = sensors.length === 1 ? (sensors[0]?.node_name ?? "") : plural(sensors.length, "sensor");
    const yes = await confirm({
      ...words.ask(who),
      ...(words.typed ? { typed: sensors.length === 1 ? who : String(sensors.length) } : {}),
    });
    if (!yes) return;
    busy.value = true;
    let done = 0;
    for (const sensor of sensors) {
      try {
        await (action === "delete" ? api.deleteSensor(sensor.sensor_id) : api.sensorAction(sensor.sensor_id, action));
        done++;
      } catch (error) {
        toastFailed(`${sensor.node_name} was not ${words.done}.`, toFailure(error));
        break;
      }
    }
    busy.value = false;
    if (done > 0) toastDone(`${done === 1 ? (sensors[0]?.node_name ?? "") : plural(done, "sensor")} ${words.done}.`);
    checked.value = new Set();
    list.load();
  };

  const start = (): (() => void) => {
    let known = "";
    const stops = [
      effect(() => {
        if (key.value === known) return;
        known = key.value;
        list.load();
      }),
      onSensorNews(() => refresh.call()),
      poll(POLL_MS, () => list.load()),
      refresh.stop,
      list.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { params, list, rows, checked, active, deploying, busy, setFilter, sortBy, step, act, start };
}
export type SensorsState = ReturnType<typeof createSensorsState>;
