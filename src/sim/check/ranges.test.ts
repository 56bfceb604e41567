import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { accountFor, faultsOf, rangesText, sizeOf, type NumberRange } from "./ranges.ts";

const r = (from: number, to = from): NumberRange => ({ from, to });
const SPAN = r(1, 40);

const ranges = fc.array(
  fc
    .tuple(fc.integer({ min: -5, max: 50 }), fc.integer({ min: 0, max: 12 }))
    .map(([from, more]) => r(from, from + more)),
  { maxLength: 8 },
);
const numbersOf = (list: readonly NumberRange[]): number[] =>
  list.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const inSpan = (list: readonly NumberRange[]): number[] => numbersOf(list).filter((n) => n >= 1 && n <= 40);

describe("numbers accounted for", () => {
  test("as if each were looked at by itself", () => {
    fc.assert(
      fc.property(ranges, ranges, (stored, lost) => {
        const found = accountFor(SPAN, stored, lost);
        const [there, told] = [new Set(inSpan(stored)), inSpan(lost)];
        const all = numbersOf([SPAN]);
        const times = (n: number): number => told.filter((t) => t === n).length;
        expect(found.stored).toBe(there.size);
        expect(found.lost).toBe(told.length);
        expect(numbersOf(found.nowhere)).toEqual(all.filter((n) => !there.has(n) && times(n) === 0));
        expect(numbersOf(found.both)).toEqual(all.filter((n) => there.has(n) && times(n) > 0));
        expect([...new Set(numbersOf(found.twice))].toSorted((a, b) => a - b)).toEqual(all.filter((n) => times(n) > 1));
        expect(faultsOf(found).length === 0).toBe(all.every((n) => Number(there.has(n)) + times(n) === 1));
      }),
    );
  });

  test("one that is nowhere does not make up for one that is in both places", () => {
    // 40 given out, 39 stored, 1 in the ledger: the sums agree.
    const found = accountFor(SPAN, [r(1, 6), r(8, 40)], [r(12)]);
    expect(found.stored + found.lost).toBe(sizeOf([SPAN]));
    expect(faultsOf(found)).toEqual([
      "1 are neither stored nor in the ledger: 7",
      "1 are both stored and in the ledger: 12",
    ]);
  });

  test("names a few of many", () => {
    expect(rangesText([r(1), r(3, 4), r(6), r(8), r(10), r(12), r(14)])).toBe("1, 3–4, 6, 8, 10, 2 ranges more");
  });
});
