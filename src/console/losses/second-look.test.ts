import { expect, test } from "bun:test";
import fc from "fast-check";
import { SeqRanges } from "../ingest/seq-ranges.ts";
import type { LossRow } from "../ingest/store.ts";
import { correctionsOf, nextLookMs } from "./second-look.ts";

const ROW: LossRow = {
  tenant_id: "t",
  sensor_id: "s",
  node_name: "n",
  stage: "spool",
  cause: "spool_full",
  count: 0,
  unknown: 0,
  source: "range",
  epoch: "e",
  from_seq: 0,
  to_seq: 0,
  from_at: 1,
  to_at: 2,
  recorded_at: 1_000,
};

test("what takes a row's place holds every number of it that is not accounted for, once, and replaces it", () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(range, fc.array(range, { maxLength: 6 }), fc.integer({ min: 0, max: 2_000 }), (own, held, nowMs) => {
      const [from_seq, more] = own;
      const to_seq = from_seq + more;
      const row = { ...ROW, from_seq, to_seq, count: more + 1 };
      const ranges = new SeqRanges(held.map(([from, length]) => [from, from + length] as const));
      const accounted = ranges.between(from_seq, to_seq);
      const rows = correctionsOf(row, accounted, nowMs);
      if (accounted.length === 0) return expect(rows).toEqual([]);
      const left: number[] = [];
      for (let seq = from_seq; seq <= to_seq; seq++) if (!ranges.has(seq)) left.push(seq);
      const told = rows.filter(({ count }) => count > 0);
      expect(told.flatMap((r) => Array.from({ length: r.count }, (_, i) => r.from_seq + i))).toEqual(left);
      for (const { from_seq: first, to_seq: last, count } of told) expect(last - first + 1).toBe(count);
      // The row itself is named by its first number: whatever stands there now is newer.
      expect(rows.filter((r) => r.from_seq === from_seq)).toHaveLength(1);
      for (const { recorded_at } of rows) expect(recorded_at).toBeGreaterThan(row.recorded_at);
    }),
  );
});

test("a row is looked at more and more rarely for an hour, and soon again where some of it was found", () => {
  const ages: number[] = [];
  for (let age: number | undefined = 0; (age = nextLookMs(age, false)) !== undefined;) ages.push(age / 1000);
  expect(ages).toEqual([3, 15, 40, 90, 180, 300, 600, 1800, 3600]);
  // Half a burst was stored at the look after five minutes: the other half does not wait for that after ten.
  expect(nextLookMs(300_000, true)).toBe(315_000);
  expect(nextLookMs(3_000, true)).toBe(15_000);
  // Also after the last.
  expect(nextLookMs(3_600_000, false)).toBeUndefined();
  expect(nextLookMs(3_600_000, true)).toBe(3_615_000);
});
