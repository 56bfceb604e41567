import { expect, test } from "bun:test";
import { lonePoints, withGaps } from "./gaps.ts";
import { lateStretches, mergeBlind } from "./blind.tsx";
import { niceCeiling, PLOT, plotScale, stack, stepWords, timeTicks } from "./histogram-scale.ts";

test("an axis ends in a round number", () => {
  expect([0, 1, 3, 42, 180, 1001].map(niceCeiling)).toEqual([1, 1, 5, 50, 200, 2000]);
});

test("one critical event among thousands is seen", () => {
  const [critical, info] = stack({ at: "", info: 5000, warning: 0, high: 0, critical: 1, late: 0 }, 0.01);
  expect(critical).toEqual({ severity: "critical", from: 0, to: 4 });
  expect(info).toEqual({ severity: "info", from: 4, to: 54 });
});

test("ticks are round times of the viewer's zone", () => {
  const ticks = timeTicks(Date.UTC(2026, 0, 1, 9, 7), Date.UTC(2026, 0, 1, 10, 7), 8, -60);
  expect(ticks.map((t) => new Date(t).toISOString().slice(11, 16))).toEqual(["09:15", "09:30", "09:45", "10:00"]);
});

test("overlapping blind ranges become one, with every cause told", () => {
  const range = (from: string, to: string, count: number) => ({
    from: `2026-01-01T${from}:00Z`,
    to: `2026-01-01T${to}:00Z`,
    sensor_id: "s",
    node_name: "n",
    stage: "spool",
    cause: "spool_full",
    count,
    unknown: count === 4,
  });
  const merged = mergeBlind([range("10:00", "10:05", 2), range("09:00", "09:10", 3), range("10:04", "10:09", 4)]);
  expect(merged.map((m) => [m.count, m.lines.length, (m.toMs - m.fromMs) / 60_000])).toEqual([
    [3, 1, 10],
    [6, 2, 9],
  ]);
  expect(merged.map((m) => m.unknown)).toEqual([false, true]);
  const near = mergeBlind([range("10:00", "10:05", 2), range("10:06", "10:07", 3)], 60_000);
  expect(near.map((m) => m.count)).toEqual([5]);
  expect(merged[1]!.lines[1]).toBe("n: at least 4 lost, the sensor's queue was full, the oldest went");
});

test("a stretch is told as filled in later when half of it came late", () => {
  const bucket = (minute: number, info: number, late: number) => ({
    at: new Date(minute * 60_000).toISOString(),
    info,
    warning: 0,
    high: 0,
    critical: 0,
    late,
  });
  const buckets = [bucket(0, 10, 1), bucket(1, 10, 10), bucket(2, 10, 5), bucket(3, 0, 0), bucket(4, 1, 1)];
  expect(lateStretches(buckets, 60_000).map((s) => [s.fromMs / 60_000, s.toMs / 60_000, s.late])).toEqual([
    [1, 3, 15],
    [4, 5, 1],
  ]);
});

test("a gap stays a gap", () => {
  expect(withGaps([0, 15_000, 90_000], [[1, 2, 3]], 40_000)).toEqual([
    [0, 15, 15.001, 90],
    [1, 2, null, 3],
  ]);
});

test("a single time gets an empty one before it, so that the axis has a span", () => {
  expect(withGaps([90_000], [[1], [2]], 40_000)).toEqual([
    [50, 90],
    [null, 1],
    [null, 2],
  ]);
});

test("a value without neighbours is drawn as a dot", () => {
  expect(lonePoints([1])).toEqual([0]);
  expect(lonePoints([1, 2, null, 3, null, 4, 5])).toEqual([3]);
});

test("columns and stretches stay inside the plot, and every place has a time", () => {
  const scale = plotScale({ fromMs: 1000, toMs: 11_000, stepMs: 1000, most: 10, width: 144, height: 126 });
  expect([scale.y(0), scale.y(10)]).toEqual([PLOT.top + 100, PLOT.top]);
  expect([scale.column(1000), scale.column(500), scale.column(10_500)]).toEqual([
    { x: 44, width: 9 },
    { x: 44, width: 4 },
    { x: 139, width: 4 },
  ]);
  expect([scale.stretch(0, 1001), scale.stretch(6000, 99_000)]).toEqual([
    { x: 44, width: 3 },
    { x: 94, width: 50 },
  ]);
  expect([scale.timeAt(0), scale.timeAt(94), scale.timeAt(999)]).toEqual([1000, 6000, 11_000]);
  expect(plotScale({ fromMs: 5, toMs: 5, stepMs: 1, most: 1, width: 0, height: 0 }).timeAt(9)).toBe(5);
});

test("the width of a column is said as it is spoken", () => {
  expect([1000, 30_000, 60_000, 120_000, 3_600_000, 86_400_000].map(stepWords)).toEqual([
    "s",
    "30 s",
    "min",
    "2 min",
    "h",
    "d",
  ]);
});
