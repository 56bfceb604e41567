import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { RateLimiter } from "./limits.ts";

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
