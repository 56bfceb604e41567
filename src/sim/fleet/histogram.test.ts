import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

describe("a histogram", () => {
  test("answers quantiles to within its buckets, also when put together from two", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (times) => {
          const [a, b] = [new Histogram(), new Histogram()];
          times.forEach((ms, i) => (i % 2 === 0 ? a : b).add(ms));
          const both = new Histogram(a);
          both.merge(JSON.parse(JSON.stringify(b)) as Histogram);
          const sorted = times.toSorted((x, y) => x - y);
          for (const q of [0.5, 0.99, 1]) {
            const exact = sorted[Math.ceil(sorted.length * q) - 1]!;
            expect(Math.abs(both.quantile(q) - exact)).toBeLessThanOrEqual(exact * 0.051);
          }
          expect(both.count).toBe(times.length);
        },
      ),
    );
  });

  test("tells what was added since", () => {
    const times = new Histogram();
    for (let i = 0; i < 100; i++) times.add(1);
    const then = new Histogram(times);
    for (let i = 0; i < 10; i++) times.add(50);
    const since = times.since(then);
    expect(since.count).toBe(10);
    expect(Math.abs(since.quantile(0.5) - 50)).toBeLessThan(2.5);
  });

  test("knows nothing of nothing", () => expect(new Histogram().quantile(0.99)).toBe(0));
});
