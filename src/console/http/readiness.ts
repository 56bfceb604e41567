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
  /** What it is known by: while that does not answer, nothing is known of this, and nothing said. */
  readonly knownBy?: string;
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

/**
 * Whether events go through: there is room for them, and nothing is away that the Console cannot work without. Without PostgreSQL those of
 * streams that are open do; what only reads a queue keeps nobody from filling it.
 */
export function eventsWord(room: number, stores: readonly Pick<StoreHealth, "name" | "ok" | "optional">[]): string {
  const away = stores.filter(({ name, ok, optional }) => !ok && !optional && name !== "kafka readers");
  if (room === 0 || away.some(({ name }) => name !== "postgresql")) return "takes none";
  return away.length === 0 ? "takes events" : "takes those of streams that are open";
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
    if (!cached || nowMs > cached.untilMs) cached = { untilMs: nowMs + CACHED_MS, answer: lookAll(dependencies) };
    return cached.answer;
  };
}

async function lookAll(dependencies: readonly Dependency[]): Promise<StoreHealth[]> {
  const found = await Promise.all(dependencies.map(look));
  const away = new Set(found.filter(({ ok }) => !ok).map(({ name }) => name));
  return found.map((health, i) => {
    const { name, optional, knownBy } = dependencies[i]!;
    return knownBy !== undefined && away.has(knownBy) ? { name, ok: true, ...(optional ? { optional } : {}) } : health;
  });
}
