import { AppError, errorMessage } from "../../core/error.ts";
import type { ChildStatus } from "../../core/supervise.ts";

/** How a store is kept running. */
export interface StoreState {
  readonly runs: "embedded" | "external";
  /** Of the embedded server's process. */
  readonly status?: ChildStatus;
  readonly restarts?: number;
  /** Why it does not run, in a sentence. */
  readonly reason?: string;
}

/** Something the Console cannot work without. */
export interface Dependency {
  readonly name: string;
  /** Rejects when it does not answer. */
  readonly ping: () => Promise<void>;
  readonly state?: () => StoreState;
  /** What an operator does when it does not. */
  readonly action: string;
  /** True when the Console serves without it, with less. */
  readonly optional?: boolean;
}

/** Answer of /readyz for one store. */
export interface StoreHealth extends Partial<StoreState> {
  readonly name: string;
  readonly ok: boolean;
  /** Its absence does not make the Console unready. */
  readonly optional?: boolean;
  readonly problem?: string;
  readonly action?: string;
}

/** Whether events go through: there is room for them, and nothing is away that the Console cannot work without. */
export function eventsWord(room: number, stores: readonly Pick<StoreHealth, "ok" | "optional">[]): string {
  return room > 0 && stores.every(({ ok, optional }) => ok || optional) ? "takes events" : "takes none";
}

const PING_TIMEOUT_MS = 3_000;
const CACHED_MS = 1_000;

async function look({ name, ping, state, action, optional }: Dependency): Promise<StoreHealth> {
  const kind = optional ? { optional } : {};
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${PING_TIMEOUT_MS / 1000} s`)),
    PING_TIMEOUT_MS,
  );
  try {
    await Promise.race([ping(), late.promise]);
    return { name, ok: true, ...kind, ...state?.() };
  } catch (error) {
    // A fault that is understood says itself what to do.
    const hint = error instanceof AppError ? error.hint : undefined;
    return { name, ok: false, ...kind, ...state?.(), problem: errorMessage(error), action: hint ?? action };
  } finally {
    clearTimeout(timer);
  }
}

/** Looks at each store, once a second at most: anybody may ask. */
export function createReadiness(dependencies: readonly Dependency[]): () => Promise<readonly StoreHealth[]> {
  let cached: { untilMs: number; answer: Promise<StoreHealth[]> } | undefined;
  return () => {
    const nowMs = performance.now();
    if (!cached || nowMs > cached.untilMs)
      cached = { untilMs: nowMs + CACHED_MS, answer: Promise.all(dependencies.map(look)) };
    return cached.answer;
  };
}
