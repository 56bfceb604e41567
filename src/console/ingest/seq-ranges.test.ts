import { expect, test } from "bun:test";
import fc from "fast-check";
import { SeqRanges, type SeqRange } from "./seq-ranges.ts";

test("ranges answer as the set of their numbers does", () => {
  const range = fc.tuple(fc.nat(60), fc.nat(8)).map(([from, length]): SeqRange => [from, from + length]);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.nat(70), fc.nat(70), fc.nat(70), (list, drop, a, b) => {
      const numbers = new Set(list.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
      const ranges = new SeqRanges(list);
      ranges.dropTo(drop);
      for (const seq of numbers) if (seq <= drop) numbers.delete(seq);
      for (let seq = 0; seq < 75; seq++) expect(ranges.has(seq)).toBe(numbers.has(seq));
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const between = ranges.between(from, to).flatMap(([f, t]) => Array.from({ length: t - f + 1 }, (_, i) => f + i));
      expect(between).toEqual([...numbers].filter((seq) => seq >= from && seq <= to).toSorted((x, y) => x - y));
      expect(ranges.isEmpty).toBe(numbers.size === 0);
    }),
  );
});
