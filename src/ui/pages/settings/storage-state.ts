import { computed, signal } from "@preact/signals";
import type { RetentionDays, RetentionSettings } from "../../../core/api/settings.ts";
import { api, toFailure } from "../../api.ts";
import { plural } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource } from "../../resource.ts";

/** What can be set, in the order it is shown; the bounds are the Console's. */
export const KEPT: readonly {
  readonly name: keyof RetentionDays;
  readonly label: string;
  readonly most: number;
  readonly what: string;
}[] = [
  { name: "events", label: "Events", most: 730, what: "events" },
  { name: "losses", label: "Loss ledger", most: 730, what: "entries of the loss ledger" },
  { name: "resources", label: "Sensor figures", most: 365, what: "figures of sensors" },
];

type Draft = Readonly<Record<keyof RetentionDays, string>>;

const draftOf = (days: RetentionDays): Draft => ({
  events: String(days.events),
  losses: String(days.losses),
  resources: String(days.resources),
});

/** What is wrong with a number of days as typed; undefined when nothing is. */
export function daysFault(text: string, most: number): string | undefined {
  if (!/^\d{1,4}$/.test(text.trim())) return "A whole number of days.";
  const days = Number(text);
  return days < 1 || days > most ? `Between 1 and ${most} days.` : undefined;
}

/** Things that would be kept for less time than now, in words. */
export function lowered(from: RetentionDays, to: RetentionDays): readonly string[] {
  return KEPT.filter(({ name }) => to[name] < from[name]).map(
    ({ name, what }) => `${what} older than ${plural(to[name], "day")}`,
  );
}

/** Days until what has ended is gone, at the latest. */
function slackDays(settings: RetentionSettings | undefined): number {
  const kept = Object.values(settings?.kept ?? {});
  return Math.max(1, ...kept.map((k) => k.gone_after_days - k.at_least_days));
}

/** Retention as it is and as it is being changed. */
export function createStorageState() {
  const loaded = createResource((abort) => api.retention(abort));
  const draft = signal<Draft | undefined>(undefined);
  const busy = signal(false);
  const days = computed(() => loaded.state.value.data?.days);
  const shown = computed<Draft | undefined>(() => draft.value ?? (days.value && draftOf(days.value)));
  const faults = computed(() => {
    const found: Partial<Record<keyof RetentionDays, string>> = {};
    const now = shown.value;
    if (!now) return found;
    for (const { name, most } of KEPT) {
      const fault = daysFault(now[name], most);
      if (fault) found[name] = fault;
    }
    if (!found.losses && !found.events && Number(now.losses) < Number(now.events))
      found.losses = "At least as long as events: without it nobody can tell which of them are missing.";
    return found;
  });
  const changed = computed(
    () =>
      days.value !== undefined && KEPT.some(({ name }) => shown.value?.[name].trim() !== String(days.value?.[name])),
  );
  const edit = (name: keyof RetentionDays, value: string): void => {
    if (shown.peek()) draft.value = { ...shown.peek()!, [name]: value };
  };
  const save = async (): Promise<void> => {
    const [from, typed] = [days.peek(), shown.peek()];
    if (!from || !typed || busy.peek() || Object.keys(faults.peek()).length > 0) return;
    const to: RetentionDays = {
      events: Number(typed.events),
      losses: Number(typed.losses),
      resources: Number(typed.resources),
    };
    const gone = lowered(from, to);
    const last = gone.at(-1);
    if (
      last !== undefined &&
      !(await confirm({
        title: "Keep less?",
        what: `This deletes ${gone.length > 1 ? `${gone.slice(0, -1).join(", ")} and ${last}` : last}.`,
        undo: `They go within ${plural(slackDays(loaded.state.peek().data), "day")} and cannot be brought back, except from a backup.`,
        verb: "Keep less",
      }))
    )
      return;
    busy.value = true;
    try {
      const settings: RetentionSettings = await api.setRetention(to);
      loaded.update(() => settings);
      draft.value = undefined;
      toastDone("Retention changed.");
    } catch (error) {
      toastFailed("Retention could not be changed.", toFailure(error));
    } finally {
      busy.value = false;
    }
  };
  return { loaded, shown, faults, changed, busy, edit, save, discard: () => (draft.value = undefined) };
}

export type StorageState = ReturnType<typeof createStorageState>;
