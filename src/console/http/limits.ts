import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Role } from "../../core/api/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { SharedLimits } from "../shared/contract.ts";
import { addressKey } from "../users/address-key.ts";
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

const LOGIN_PATH = "/api/v1/auth/login";
const MAX_BUCKETS = 50_000;

interface Bucket {
  tokens: number;
  atMs: number;
  /** Given here, and not told to others yet. */
  untold: number;
}

/** Tokens given without asking are told together, this share of a minute's at a time: a bucket that is hardly used costs nobody much. */
const TOLD_SHARE = 1 / 20;

/**
 * Token buckets by key: `perMinute` at once, refilled evenly. Bounded; the longest untouched bucket makes way. With `shared` the
 * buckets are those of all processes: `acquire` asks before it gives, `take` gives by what is known here and corrects itself, so
 * that what passes on several processes at the same moment is owed. While nobody answers, each process counts for itself.
 */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #shared: SharedLimits | undefined;

  constructor(clock: Pick<Clock, "monotonicMs">, shared?: SharedLimits) {
    this.#clock = clock;
    this.#shared = shared;
  }

  /** Takes one token; returns 0, or the seconds until there is one. */
  take(key: string, perMinute: number): number {
    const { bucket, waitSecs } = this.#takeHere(key, perMinute);
    if (this.#shared && waitSecs === 0 && ++bucket.untold >= perMinute * TOLD_SHARE) {
      const count = bucket.untold;
      bucket.untold = 0;
      void this.#shared.charge(key, perMinute, "tell", count).then((left) => this.#correct(key, left));
    }
    return waitSecs;
  }

  /** Throws AppError `rate_limited` when there is no token. */
  check(key: string, perMinute: number): void {
    refuseUnless(this.take(key, perMinute), perMinute);
  }

  /** Takes one token of all processes'; rejects with AppError `rate_limited` when there is none. */
  async acquire(key: string, perMinute: number): Promise<void> {
    refuseUnless(this.#takeHere(key, perMinute).waitSecs, perMinute);
    const left = await this.#shared?.charge(key, perMinute, "ask", 1);
    if (left === undefined) return;
    // Nothing was taken where nothing was: the bucket holds what it held.
    this.#correct(key, left < 0 ? left + 1 : left);
    if (left < 0) refuseUnless(waitOf(left + 1, perMinute), perMinute);
  }

  /** Takes tokens as `charge` of `SharedLimits` does, for processes that ask this one. */
  charge(key: string, perMinute: number, mode: "ask" | "tell", count: number): number {
    const bucket = this.#refilled(key, perMinute);
    const left = bucket.tokens - count;
    if (mode === "tell") bucket.tokens = Math.max(-perMinute, left);
    else if (left >= 0) bucket.tokens = left;
    return left;
  }

  #takeHere(key: string, perMinute: number): { bucket: Bucket; waitSecs: number } {
    const bucket = this.#refilled(key, perMinute);
    if (bucket.tokens < 1) return { bucket, waitSecs: waitOf(bucket.tokens, perMinute) };
    bucket.tokens -= 1;
    return { bucket, waitSecs: 0 };
  }

  #refilled(key: string, perMinute: number): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const old = this.#buckets.get(key);
    const tokens = old ? Math.min(perMinute, old.tokens + ((nowMs - old.atMs) * perMinute) / 60_000) : perMinute;
    // Deleting first keeps the map in order of last use.
    if (old) this.#buckets.delete(key);
    else if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    const bucket = { tokens, atMs: nowMs, untold: old?.untold ?? 0 };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** What all processes left is the most that this one may still give. */
  #correct(key: string, left: number | undefined): void {
    const bucket = this.#buckets.get(key);
    if (bucket && left !== undefined && !Number.isNaN(left)) bucket.tokens = Math.min(bucket.tokens, left);
  }
}

/** Seconds until a bucket that holds less than one token has one. */
function waitOf(tokens: number, perMinute: number): number {
  return Math.max(1, Math.ceil(((1 - tokens) * 60) / perMinute));
}

function refuseUnless(waitSecs: number, perMinute: number): void {
  if (waitSecs > 0)
    throw new AppError("rate_limited", `Too many requests: ${perMinute} a minute are allowed.`, {
      retryAfterSecs: waitSecs,
      hint: `Try again in ${waitSecs} s.`,
    });
}

/** Limits a request by the person's role, or by address while nobody is signed in; signing in by address besides. Runs behind the session. */
export function limitRequests(limiter: RateLimiter): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const principal = c.get("principal") as Principal | undefined;
    const address = addressKey(c.get("peer").remoteAddr);
    if (principal) await limiter.acquire(`user ${principal.userId}`, RATES.byRole[principal.role]);
    else await limiter.acquire(`anonymous ${address}`, RATES.anonymous);
    if (c.req.method === "POST" && c.req.path === LOGIN_PATH) await limiter.acquire(`login ${address}`, RATES.login);
    await next();
  });
}
