import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Schedule } from "./schedule.ts";

const options = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  index: fc.nat(20_000),
  rate: fc.constantFrom(0.05, 0.5, 1, 5, 500),
  burst: fc.record({ probability: fc.constantFrom(0, 0.01, 0.5, 1), size: fc.constantFrom(0, 1, 500) }),
});

describe("a schedule", () => {
  test("gives the same count however often it is looked at on the way", () => {
    fc.assert(
      fc.property(options, fc.array(fc.nat(120_000), { maxLength: 20 }), (o, looks) => {
        const often = new Schedule(o);
        for (const ms of looks.toSorted((a, b) => a - b)) often.count(ms);
        expect(often.count(120_000)).toBe(new Schedule(o).count(120_000));
      }),
    );
  });

  test("an event's time lies where it was counted", () => {
    fc.assert(
      fc.property(options, fc.nat(60_000), (o, ms) => {
        const schedule = new Schedule(o);
        const total = schedule.count(ms);
        for (const seq of [1, Math.ceil(total / 2), total].filter((s) => s >= 1 && s <= total)) {
          const atMs = schedule.timeUs(seq) / 1000;
          expect(atMs).toBeLessThanOrEqual(ms + 1);
          expect(new Schedule(o).count(atMs + 1.01)).toBeGreaterThanOrEqual(seq);
        }
      }),
    );
  });

  test("times go back only from a burst to what was beside it", () => {
    fc.assert(
      fc.property(options, (o) => {
        const schedule = new Schedule(o);
        const total = Math.min(3000, schedule.count(30_000));
        let before = 0;
        for (let seq = 1; seq <= total; seq++) {
          const at = schedule.timeUs(seq);
          expect(at).toBeGreaterThanOrEqual(before - 1_000_000);
          before = at;
        }
      }),
      { numRuns: 20 },
    );
  });
});
