import { expect, test } from "bun:test";
import fc from "fast-check";
import { scrollToShow, virtualWindow } from "./virtual-window.ts";

const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

test("the window holds every row that is seen, and is bounded", () => {
  fc.assert(
    fc.property(number(400_000), number(2000), number(10_000), (scrollTop, viewport, count) => {
      const rowHeight = 32;
      const { first, end } = virtualWindow({ scrollTop, viewport, rowHeight, count, overscan: 4 });
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - first).toBeLessThanOrEqual(Math.ceil(viewport / rowHeight) + 10);
      const top = Math.max(0, Math.min(scrollTop, count * rowHeight - viewport));
      for (const index of [Math.floor(top / rowHeight), Math.ceil((top + viewport) / rowHeight) - 1])
        if (index >= 0 && index < count && viewport > 0) expect(index >= first && index < end).toBe(true);
    }),
  );
});

test("a list that has shrunk under the scroll still shows its end", () => {
  expect(virtualWindow({ scrollTop: 50_000, viewport: 320, rowHeight: 32, count: 20, overscan: 2 })).toEqual({
    first: 8,
    end: 20,
  });
});

test("scrolling moves no further than needed", () => {
  const base = { viewport: 352, rowHeight: 32, head: 32 };
  expect(scrollToShow({ ...base, index: 3, scrollTop: 0 })).toBe(0);
  expect(scrollToShow({ ...base, index: 10, scrollTop: 0 })).toBe(32);
  expect(scrollToShow({ ...base, index: 1, scrollTop: 320 })).toBe(32);
});
