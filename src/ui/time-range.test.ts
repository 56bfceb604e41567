import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  DEFAULT_RANGE,
  parseRange,
  rangeBounds,
  rangeLabel,
  rangeParams,
  sinceMs,
  type TimeRange,
} from "./time-range.ts";

const read = (text: string): TimeRange => parseRange(new URLSearchParams(text));

describe("the time range of a URL", () => {
  test("is the last hour when nothing usable is said", () => {
    for (const text of [
      "",
      "since=yesterday",
      "since=0h",
      "from=x&to=y",
      "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
    ])
      expect(read(text)).toEqual(DEFAULT_RANGE);
  });
  test("is counted back from now, or fixed", () => {
    expect(read("since=7d")).toEqual({ since: "7d" });
    expect(read("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")).toEqual({
      fromMs: Date.UTC(2026, 0, 1),
      toMs: Date.UTC(2026, 0, 2),
    });
  });
  test("survives being written and read again", () => {
    const range = fc.oneof(
      fc.record({
        since: fc
          .tuple(fc.integer({ min: 1, max: 9999 }), fc.constantFrom("s", "m", "h", "d"))
          .map(([n, unit]) => `${n}${unit}`),
      }),
      fc
        .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e9 }))
        .map(([fromMs, span]) => ({ fromMs, toMs: fromMs + span })),
    );
    fc.assert(
      fc.property(range, (given) => {
        const params = Object.entries(rangeParams(given)).filter(
          (entry): entry is [string, string] => entry[1] !== null,
        );
        expect(parseRange(new URLSearchParams(params))).toEqual(given);
      }),
    );
  });
});

test("bounds count back from the given now", () => {
  expect(rangeBounds({ since: "15m" }, 1_000_000)).toEqual({ fromMs: 100_000, toMs: 1_000_000 });
  expect(sinceMs("2h")).toBe(7_200_000);
});

test("a preset is named in words", () => {
  expect(rangeLabel({ since: "24h" }, 0)).toBe("Last 24 hours");
  expect(rangeLabel({ since: "3h" }, 0)).toBe("Last 3h");
});
