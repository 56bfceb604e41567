import { expect, test } from "bun:test";
import { Hono } from "hono";
import { ManualClock } from "../../core/clock.ts";
import type { AppError } from "../../core/error.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { Role } from "../../core/api/auth.ts";
import type { HttpEnv, Principal } from "./env.ts";
import { createOnError } from "./errors.ts";
import { limitRequests, RateLimiter } from "./limits.ts";

test("a bucket gives what it holds at once, then what is refilled, each key for itself", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  const take = (key: string): number => limiter.take(key, 10);
  expect(Array.from({ length: 10 }, () => take("a"))).toEqual(Array<number>(10).fill(0));
  expect([take("a"), take("b")]).toEqual([6, 0]);
  await clock.advance(6_000);
  expect([take("a"), take("a")]).toEqual([0, 6]);
  await clock.advance(3_600_000);
  expect(Array.from({ length: 11 }, () => take("a"))).toEqual([...Array<number>(10).fill(0), 6]);
});

test("the number of buckets is bounded, and the longest untouched goes first", () => {
  const limiter = new RateLimiter(new ManualClock());
  limiter.take("old", 1);
  limiter.take("used", 1);
  for (let i = 0; i < 49_998; i++) limiter.take(`k${i}`, 1);
  expect(limiter.take("used", 1)).toBeGreaterThan(0);
  limiter.take("one more", 1);
  expect(limiter.take("old", 1)).toBe(0);
  expect(limiter.take("used", 1)).toBeGreaterThan(0);
});

/** What two processes share, here in one place. */
function sharedBuckets(clock: ManualClock) {
  const all = new RateLimiter(clock);
  const state = { away: false, asked: 0 };
  return {
    state,
    charge: (key: string, perMinute: number, mode: "ask" | "tell", count: number) => {
      state.asked++;
      return Promise.resolve(state.away ? undefined : all.charge(key, perMinute, mode, count));
    },
  };
}

const passes = (limiter: RateLimiter, key: string): Promise<boolean> =>
  limiter.acquire(key, 10).then(
    () => true,
    (error: unknown) => {
      expect((error as AppError).retryAfterSecs).toBeGreaterThan(0);
      return false;
    },
  );

test("two processes give together what one would, and each by itself while nobody answers", async () => {
  const clock = new ManualClock();
  const shared = sharedBuckets(clock);
  const [a, b] = [new RateLimiter(clock, shared), new RateLimiter(clock, shared)];
  let passed = 0;
  for (let i = 0; i < 10; i++) for (const limiter of [a, b]) if (await passes(limiter, "k")) passed++;
  expect(passed).toBe(10);
  await clock.advance(6_000);
  expect([await passes(a, "k"), await passes(b, "k")]).toEqual([true, false]);
  shared.state.away = true;
  await clock.advance(60_000);
  passed = 0;
  for (let i = 0; i < 12; i++) for (const limiter of [a, b]) if (await passes(limiter, "k")) passed++;
  expect(passed).toBe(20);
});

test("what was given without asking is owed: over time both give what one would", async () => {
  const clock = new ManualClock();
  const shared = sharedBuckets(clock);
  const limiters = [new RateLimiter(clock, shared), new RateLimiter(clock, shared)];
  let passed = 0;
  for (let second = 0; second < 600; second++) {
    for (const limiter of limiters) if (limiter.take("k", 60) === 0) passed++;
    await clock.advance(1_000);
  }
  // 600 s at one a second, and the buckets' first fill.
  expect(passed).toBeLessThanOrEqual(600 + 60 + 20);
  expect(passed).toBeGreaterThan(590);
});

test("a bucket that is hardly used costs nobody a question", () => {
  const clock = new ManualClock();
  const shared = sharedBuckets(clock);
  const limiter = new RateLimiter(clock, shared);
  for (let i = 0; i < 29; i++) limiter.take("sensor", 600);
  expect(shared.state.asked).toBe(0);
  limiter.take("sensor", 600);
  expect(shared.state.asked).toBe(1);
});

test("a person has as many requests a minute as the role says, whoever else is there; nobody signed in, as many as an address", async () => {
  const clock = new ManualClock();
  const app = new Hono<HttpEnv>();
  app.onError(createOnError(silentLog, new Metrics()));
  app.use(async (c, next) => {
    const role = c.req.header("role");
    if (role) c.set("principal", { userId: role, role } as Principal);
    c.set("requestId", "r");
    c.set("peer", { remoteAddr: c.req.header("address") ?? "192.0.2.1" } as HttpEnv["Variables"]["peer"]);
    await next();
  });
  app.use(limitRequests(new RateLimiter(clock)));
  app.all("*", (c) => c.text("here"));
  /** How many of so many requests pass; the first that does not says when to come again. */
  const passed = async (
    count: number,
    headers: Record<string, string>,
    path = "/",
    method = "GET",
  ): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const { status, headers: said } = await app.request(path, { headers, method });
      if (status === 200) continue;
      expect(status).toBe(429);
      expect(Number(said.get("retry-after"))).toBeGreaterThan(0);
      return i;
    }
    return count;
  };
  const rates = { admin: 1_000, operator: 1_000, analyst: 300, sensor_owner: 300, viewer: 300 } satisfies Record<
    Role,
    number
  >;
  for (const [role, rate] of Object.entries(rates)) expect([role, await passed(1_200, { role })]).toEqual([role, rate]);
  expect(await passed(1_200, {})).toBe(200);
  expect(await passed(1_200, { address: "192.0.2.2" })).toBe(200);
  expect(await passed(20, { address: "192.0.2.3" }, "/api/v1/auth/login", "POST")).toBe(10);
  await clock.advance(6_000);
  expect(await passed(1_200, { role: "admin" })).toBe(100);
  expect(await passed(1_200, { role: "viewer" })).toBe(30);
});
