import { signal } from "@preact/signals";
import type { SensorSummary } from "../../../core/api/sensors.ts";
import type { RotationAction } from "../../../core/api/trust.ts";
import { api, toFailure } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource, poll } from "../../resource.ts";
import { DONE_WORDS, questionOf } from "./authority-words.ts";
import { doubtsOf } from "./doubts.ts";

const POLL_MS = 5_000;
const DOUBTS_POLL_MS = 30_000;
/** The worst of the fleet, among whom those in doubt are looked for. */
const MOST = 500;

/** The authority and its change, and the sensors whose identity is in doubt. */
export function createAuthorityState() {
  const loaded = createResource((abort) => api.authority(abort));
  const doubts = createResource(async (abort) => {
    const worst = { needs_attention: true, sort: "health_state", order: "desc", page_size: MOST };
    const { sensors, total } = await api.sensors(worst, abort);
    return { rows: sensors.flatMap((sensor: SensorSummary) => doubtsOf(sensor)), whole: total <= MOST };
  });
  const busy = signal(false);
  const act = async (action: RotationAction, force = false): Promise<void> => {
    const now = loaded.state.peek().data;
    if (!now || !(await confirm(questionOf(now, action, force)))) return;
    busy.value = true;
    try {
      const after = await api.changeAuthority(action, force);
      loaded.update(() => after);
      toastDone(DONE_WORDS[action](now));
    } catch (error) {
      toastFailed("Nothing was changed.", toFailure(error));
      loaded.load();
    } finally {
      busy.value = false;
    }
  };
  const start = (): (() => void) => {
    loaded.load();
    doubts.load();
    const stops = [
      poll(POLL_MS, () => {
        if (loaded.state.peek().data?.phase !== "stable") loaded.load();
      }),
      poll(DOUBTS_POLL_MS, () => doubts.load()),
      loaded.stop,
      doubts.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { loaded, doubts, busy, act, start };
}
export type AuthorityState = ReturnType<typeof createAuthorityState>;
