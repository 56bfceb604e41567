import { expect, test } from "bun:test";
import {
  baseName,
  formatAgo,
  formatBytes,
  formatDate,
  formatDuration,
  formatPercent,
  formatRate,
  formatShort,
  plural,
} from "./format.ts";

test("durations use their two largest sensible units", () => {
  expect([0.85, 12, 4200, 42_000, 200_000, 7_500_000, 3_600_000 * 50, 86_400_000 * 41].map(formatDuration)).toEqual([
    "850 µs",
    "12 ms",
    "4.2 s",
    "42 s",
    "3 min 20 s",
    "2 h 5 min",
    "2 d 2 h",
    "41 d",
  ]);
});

test("how long ago is one unit, and the future is said", () => {
  expect(
    [1000, 12_000, 240_000, 3 * 3_600_000, 700 * 86_400_000, 1200 * 86_400_000, -600_000].map((ms) =>
      formatAgo(10 ** 12 - ms, 10 ** 12),
    ),
  ).toEqual(["just now", "12 s ago", "4 min ago", "3 h ago", "700 d ago", "3 y ago", "in 10 min"]);
});

test("a date has its minute while that matters, and its year when it is not this one", () => {
  const at = new Date(2026, 5, 10, 14, 2).getTime();
  expect([at, at + 86_400_000 * 30, at + 86_400_000 * 3650].map((ms) => formatDate(ms, at))).toEqual([
    "10 Jun 14:02",
    "10 Jul 14:02",
    "7 Jun 2036",
  ]);
});

test("numbers carry their units and no false digits", () => {
  expect([0, 512, 1536, 5 * 1024 ** 3].map(formatBytes)).toEqual(["0 B", "512 B", "1.5 KiB", "5.0 GiB"]);
  expect([0, 0.25, 7, 1234, 45_678].map(formatRate)).toEqual(["0", "0.3", "7", "1,234", "45.7 k"]);
  expect([0, 4.24, 50].map(formatPercent)).toEqual(["0 %", "4.2 %", "50 %"]);
  expect(formatShort(2_500_000)).toBe("2.5 M");
  expect([plural(1, "sensor"), plural(1200, "process", "processes")]).toEqual(["1 sensor", "1,200 processes"]);
});

test("the last part of a path is its name", () => {
  expect(["/usr/bin/curl", "curl", "/"].map(baseName)).toEqual(["curl", "curl", "/"]);
});
