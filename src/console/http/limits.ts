import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Role } from "../../core/api/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { HttpEnv, Principal } from "./env.ts";

/** Requests a minute. Viewers and sensor owners count as analysts. */
export const RATES = {
  byRole: { viewer: 300, analyst: 300, sensor_owner: 300, operator: 1000, admin: 1000 } satisfies Record<Role, number>,
  anonymous: 200,
  login: 10,
  /** Failed enrolments per address. */
  failedEnrolments: 10,
  /** Per sensor: a heartbeat every 15 s, and batches while the stream is down. */
  sensor: 600,
} as const;

const MAX_BUCKETS = 50_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by key: `perMinute` at once, refilled evenly. Bounded; the longest untouched bucket makes way. */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Pick<Clock, "monotonicMs">;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Takes one token; returns 0, or the seconds until there is one. */
  take(key: string, perMinute: number): number {
    const nowMs = this.#clock.monotonicMs();
    const perMs = perMinute / 60_000;
    const old = this.#buckets.get(key);
    const tokens = old ? Math.min(perMinute, old.tokens + (nowMs - old.atMs) * perMs) : perMinute;
    // Deleting first keeps the map in order of last use.
    if (old) this.#buckets.delete(key);
    else if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    const allowed = tokens >= 1;
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed ? 0 : Math.max(1, Math.ceil((1 - tokens) / perMs / 1000));
  }

  /** Throws AppError `rate_limited` when there is no token. */
  check(key: string, perMinute: number): void {
    const waitSecs = this.take(key, perMinute);
    if (waitSecs > 0)
      throw new AppError("rate_limited", `Too many requests: ${perMinute} a minute are allowed.`, {
        retryAfterSecs: waitSecs,
        hint: `Try again in ${waitSecs} s.`,
      });
  }
}

/** Limits a request by the person's role, or by address while nobody is signed in. Runs behind the session. */
export function limitRequests(limiter: RateLimiter): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const principal = c.get("principal") as Principal | undefined;
    if (principal) limiter.check(`user ${principal.userId}`, RATES.byRole[principal.role]);
    else limiter.check(`anonymous ${c.get("peer").remoteAddr}`, RATES.anonymous);
    await next();
  });
}
