import { expect, test } from "bun:test";
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
