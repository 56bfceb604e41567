import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chooseStep, fillBuckets, MAX_BLIND, MAX_BUCKETS, mergeLosses } from "./histogram.ts";
import type { LossRow } from "./store.ts";

const HOUR = 3_600e6;
const range = { fromUs: 1000 * HOUR, toUs: 1001 * HOUR };
const loss = (fromUs: number, toUs: number, more: Partial<LossRow> = {}): LossRow => ({
  sensorId: "s1",
  nodeName: "n1",
  stage: "kernel",
  cause: "ring_main",
  count: 1,
  unknown: false,
  fromUs: range.fromUs + fromUs,
  toUs: range.fromUs + toUs,
  ...more,
});

describe("buckets", () => {
  test("an hour has steps of half a minute", () => expect(chooseStep(range)).toBe(30));

  test("never more than 120, never a hole, and the whole range is covered", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: 1, max: 3e15 }), (fromUs, span) => {
        const some = { fromUs, toUs: fromUs + span };
        const step = chooseStep(some);
        const buckets = fillBuckets([], some, step);
        expect(buckets.length).toBeLessThanOrEqual(MAX_BUCKETS);
        expect(Date.parse(buckets[0]!.at) * 1000).toBeLessThanOrEqual(fromUs);
        expect(Date.parse(buckets.at(-1)!.at) * 1000 + step * 1e6).toBeGreaterThanOrEqual(some.toUs);
      }),
    );
  });

  test("counts stand in their bucket", () => {
    const buckets = fillBuckets(
      [{ bucket: range.fromUs / 30e6 + 2, info: 7, warning: 0, high: 1, critical: 0, late: 2 }],
      range,
      30,
    );
    expect(buckets).toHaveLength(120);
    expect(buckets[2]).toEqual({
      at: "1970-02-11T16:01:00.000000Z",
      info: 7,
      warning: 0,
      high: 1,
      critical: 0,
      late: 2,
    });
    expect(buckets.reduce((sum, b) => sum + b.info + b.high, 0)).toBe(8);
  });
});

describe("blind ranges", () => {
  test("overlapping losses of one sensor and cause are one range; others stay apart", () => {
    const blind = mergeLosses(
      [loss(0, 10e6), loss(5e6, 20e6, { count: 4 }), loss(6e6, 7e6, { cause: "disk" })],
      range,
      30,
    );
    expect(blind.map((b) => [b.cause, b.count])).toEqual([
      ["ring_main", 5],
      ["disk", 1],
    ]);
    expect(blind[0]!.to).toBe("1970-02-11T16:00:20.000000Z");
  });

  test("they are cut to the range that was asked for", () => {
    const [blind] = mergeLosses([loss(-HOUR, 2 * HOUR)], range, 30);
    expect([blind!.from, blind!.to]).toEqual(["1970-02-11T16:00:00.000000Z", "1970-02-11T17:00:00.000000Z"]);
  });

  test("however many there are, the answer is bounded and no count is left out", () => {
    const many = Array.from({ length: 5000 }, (_, i) =>
      loss((i % 3000) * 1e6, (i % 3000) * 1e6 + 1, { sensorId: `s${i % 7}` }),
    );
    const fleet = Array.from({ length: 3000 }, (_, i) => loss(i * 1e6, i * 1e6 + 1, { sensorId: `s${i}` }));
    for (const losses of [many, fleet]) {
      const blind = mergeLosses(losses, range, 30);
      expect(blind.length).toBeLessThanOrEqual(MAX_BLIND);
      expect(blind.reduce((sum, b) => sum + b.count, 0)).toBe(losses.length);
    }
    expect(mergeLosses(fleet, range, 30)[0]!.node_name).toBe("3000 sensors");
  });
});
