import { computed, effect, signal } from "@preact/signals";
import { api, toFailure } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource, poll, throttle } from "../../resource.ts";
import { navigate, query } from "../../router.ts";
import { ACTION_WORDS, type SensorAction } from "../sensors/actions.ts";

export const SENSOR_TABS = ["health", "processes", "network", "system"] as const;
export type SensorTab = (typeof SENSOR_TABS)[number];
export const RESOURCE_RANGES = ["1h", "6h", "24h", "7d"] as const;

const NEWS_MS = 2000;
const POLL_MS = 15_000;
/** Ranges drawn on its charts. */
const MOST_LOSSES = 500;

/** One sensor: its state, its measures, and what runs on its host. */
export function createSensorState(sensorId: string) {
  const tab = computed<SensorTab>(() => SENSOR_TABS.find((name) => name === query.value.get("tab")) ?? "health");
  const since = signal<string>("1h");
  const detail = createResource((abort) => api.sensor(sensorId, abort));
  const inventory = createResource((abort) => api.sensorInventory(sensorId, abort));
  const resources = createResource((abort) => api.sensorResources(sensorId, since.peek(), abort));
  const losses = createResource((abort) =>
    api.losses({ sensor: sensorId, since: since.peek(), limit: MOST_LOSSES }, abort),
  );
  const find = signal("");
  const reenrolling = signal(false);
  const loadTab = (): void => {
    if (tab.peek() === "health") {
      resources.load();
      losses.load();
    }
    if (tab.peek() === "processes" || tab.peek() === "network") inventory.load();
  };
  const refresh = throttle(NEWS_MS, () => {
    detail.load();
    loadTab();
  });

  const act = async (action: SensorAction): Promise<void> => {
    const name = detail.state.peek().data?.node_name ?? sensorId;
    const words = ACTION_WORDS[action];
    if (!(await confirm({ ...words.ask(name), ...(words.typed ? { typed: name } : {}) }))) return;
    try {
      await (action === "delete" ? api.deleteSensor(sensorId) : api.sensorAction(sensorId, action));
      toastDone(`${name} ${words.done}.`);
      if (action === "delete") navigate("/sensors");
      else detail.load();
    } catch (error) {
      toastFailed(`${name} was not ${words.done}.`, toFailure(error));
    }
  };
  const start = (): (() => void) => {
    detail.load();
    const stops = [
      effect(() => {
        JSON.stringify([tab.value, since.value]);
        loadTab();
      }),
      onSensorNews((news) => {
        if (news.sensor_id === sensorId) refresh.call();
      }),
      poll(POLL_MS, () => refresh.call()),
      refresh.stop,
      detail.stop,
      inventory.stop,
      resources.stop,
      losses.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { sensorId, tab, since, find, reenrolling, detail, inventory, resources, losses, act, start };
}
export type SensorState = ReturnType<typeof createSensorState>;
