import { expect, test } from "bun:test";
import type { Lane } from "./lanes.ts";
import { lossesOf } from "./losses.ts";

const NOW_MS = Date.UTC(2026, 10, 26);
const LANE = { tenantId: "t", sensorId: "s", epoch: "00000000000000aa", queuedSeq: 0, lastObservedUs: 0 } as Lane;

const told = (loss: object) =>
  lossesOf(
    LANE,
    "n",
    { epoch: LANE.epoch, first_seq: 1, last_seq: 1, events: [{ seq: 1, loss: { cause: "ring_main", ...loss } }] },
    [],
    NOW_MS,
  );

test("a sensor that says more than a node can lose is taken down to it, however much it says", () => {
  const times = { from_us: NOW_MS * 1000 - 5, to_us: NOW_MS * 1000 };
  for (const count of [2 ** 40 + 1, Number.MAX_SAFE_INTEGER, 2 ** 60, Number.MAX_VALUE])
    expect(told({ count, ...times })).toMatchObject([{ count: 2 ** 40, unknown: 0, to_at: NOW_MS * 1000 }]);
  expect(told({ count: 40, ...times })).toMatchObject([{ count: 40 }]);
  expect(told({ count: 0, from_us: 0, to_us: 1e300 })).toMatchObject([{ unknown: 1, to_at: NOW_MS * 1000 }]);
  for (const count of [-1, 0.5, Infinity, NaN, "5"]) expect(told({ count, ...times })).toEqual([]);
});

test("a loss told under a clock that nobody has set is of the time of receipt, not of the ledger's far end", () => {
  const loss = { cause: "ring_main", count: 3, from_us: 1_000_000, to_us: 2_000_000 };
  const batch = { epoch: LANE.epoch, first_seq: 1, last_seq: 1, events: [{ seq: 1, observed_at_us: 2_000_000, loss }] };
  expect(lossesOf(LANE, "n", batch, [], NOW_MS)).toMatchObject([
    { count: 3, from_at: NOW_MS * 1000, to_at: NOW_MS * 1000 },
  ]);
});

test("a cause that is no sound text is made one", () => {
  const gap = { stage: "spool" as const, cause: "a\ud800b", fromSeq: 1, toSeq: 1 };
  const batch = { epoch: LANE.epoch, first_seq: 1, last_seq: 1, events: [] };
  expect(lossesOf(LANE, "n", batch, [gap], NOW_MS)).toMatchObject([{ cause: "a\ufffdb" }]);
  expect(told({ cause: "\udc00", count: 1, from_us: 0, to_us: 0 })).toMatchObject([{ cause: "\ufffd" }]);
});

test("the edges of a gap are the events on either side of it, also of many gaps, and not refused ones in it", () => {
  const at = (seq: number): number => NOW_MS * 1000 - 100_000 + seq;
  // Of ten numbers each: seven events, one refused that has a time all the same, two that never came.
  const events = Array.from({ length: 900 }, (_, i) => i + 1)
    .filter((seq) => seq % 10 > 1)
    .map((seq) => ({ seq, observed_at_us: at(seq) }));
  const gaps = Array.from({ length: 90 }, (_, i) => i * 10).map((from) => ({
    stage: "wire" as const,
    cause: "unexplained",
    fromSeq: Math.max(1, from),
    toSeq: from + 2,
  }));
  const batch = { epoch: LANE.epoch, first_seq: 1, last_seq: 900, events };
  const rows = lossesOf({ ...LANE, lastObservedUs: at(0) }, "n", batch, gaps, NOW_MS);
  for (const row of rows)
    expect([row.from_at, row.to_at]).toEqual([at(Math.max(0, row.from_seq - 1)), at(row.to_seq + 1)]);
  expect(rows).toHaveLength(90);
});
