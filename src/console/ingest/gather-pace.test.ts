import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { GatherPace } from "./gather-pace.ts";

const pace = (): GatherPace => new GatherPace({ gatherMs: 100, maxGatherMs: 500 });

test("the longer inserts take, the longer batches are gathered, within the bounds", () => {
  const slow = pace();
  expect(slow.waitMs).toBe(100);
  slow.took(40);
  expect(slow.waitMs).toBe(320);
  slow.took(2_000);
  expect(slow.waitMs).toBe(500);
});

test("many rows a second are gathered as long as may be, however fast inserts are", () => {
  const busy = pace();
  busy.took(1);
  busy.began(1_000, 0);
  busy.began(1_000, 1_000);
  expect(busy.waitMs).toBe(100);
  busy.began(1_000, 1_500);
  expect(busy.waitMs).toBe(500);
});

/** How long a gather takes when so many rows have come after each 100 ms. */
async function gatheredFor(rate: number, cameAfter: readonly number[]): Promise<number> {
  const busy = pace();
  busy.took(100);
  busy.began(0, 0);
  busy.began(rate, 1_000);
  const clock = new ManualClock();
  let slices = 0;
  let overAtMs = -1;
  const gathering = busy.gather(
    clock,
    () => cameAfter[Math.min(slices, cameAfter.length - 1)]!,
    AbortSignal.timeout(60_000),
  );
  void gathering.then(() => (overAtMs = clock.monotonicMs()));
  while (overAtMs < 0) {
    slices++;
    await clock.advance(100);
  }
  return overAtMs;
}

test("where much came and then nothing more, nobody waits for more", async () => {
  expect(await gatheredFor(10_000, [10, 20, 30, 40, 50, 60])).toBe(500);
  expect(await gatheredFor(10_000, [10, 20, 20])).toBe(200);
  expect(await gatheredFor(10_000, [10])).toBe(100);
  // Little came before: a pause says nothing, and each insert has its price.
  expect(await gatheredFor(100, [10])).toBe(500);
});

test("a gather ends at once when it is told to", async () => {
  const clock = new ManualClock();
  const over = new AbortController();
  const busy = pace();
  busy.began(10_000, 0);
  const gathering = busy.gather(clock, () => 1, over.signal);
  over.abort();
  await gathering;
  expect(clock.monotonicMs()).toBe(0);
});
