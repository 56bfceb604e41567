import { signal, type ReadonlySignal } from "@preact/signals";
import { toFailure, type ApiFailure } from "./api.ts";

/** What is known of something fetched. After a failed refresh the old data stays, with the failure beside it. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly loading: boolean;
  /** When `data` came, ms since 1970. */
  readonly atMs: number;
}

export interface Resource<T> {
  readonly state: ReadonlySignal<Loaded<T>>;
  /** Fetches anew, forgetting what is shown when `fresh`. A fetch under way is aborted. */
  readonly load: (options?: { fresh?: boolean }) => void;
  /** Changes the data in place, for instance with live news. */
  readonly update: (change: (data: T) => T) => void;
  readonly stop: () => void;
}

/** Something fetched, as a signal. `fetcher` is called for each load and must heed its signal. */
export function createResource<T>(fetcher: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const state = signal<Loaded<T>>({ data: undefined, failure: undefined, loading: false, atMs: 0 });
  let running: AbortController | undefined;
  const load = async (fresh: boolean): Promise<void> => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const before = state.peek();
    state.value = {
      ...before,
      data: fresh ? undefined : before.data,
      failure: fresh ? undefined : before.failure,
      loading: true,
    };
    try {
      const data = await fetcher(mine.signal);
      if (!mine.signal.aborted) state.value = { data, failure: undefined, loading: false, atMs: Date.now() };
    } catch (error) {
      if (mine.signal.aborted) return;
      state.value = { ...state.peek(), failure: toFailure(error), loading: false };
    }
  };
  return {
    state,
    load: (options = {}) => void load(options.fresh ?? false),
    update: (change) => {
      const now = state.peek();
      if (now.data !== undefined) state.value = { ...now, data: change(now.data) };
    },
    stop: () => running?.abort(),
  };
}

/** Calls `run` every `everyMs` while the page is visible; returns how to stop. */
export function poll(everyMs: number, run: () => void): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") run();
  }, everyMs);
  return () => clearInterval(timer);
}

/** At most one call per `waitMs`, the last one never left out; returns the call and how to stop. */
export function throttle(waitMs: number, run: () => void): { call: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastMs = 0;
  const fire = (): void => {
    timer = undefined;
    lastMs = Date.now();
    run();
  };
  return {
    call: () => {
      timer ??= setTimeout(fire, Math.max(0, lastMs + waitMs - Date.now()));
    },
    stop: () => clearTimeout(timer),
  };
}
