import { describe, expect, test } from "bun:test";
import { FleetPace } from "./fleet-pace.ts";

const looks = (pace: FleetPace, count: number, lateMs = 0, arrivals = 0): void => {
  for (let i = 0; i < count; i++) pace.look(lateMs, arrivals);
};

describe("the pace of a large fleet", () => {
  test("begins with the least, and goes up slowly to what all may have under way", () => {
    const pace = new FleetPace();
    expect(pace.credit(10_000, 64)).toBe(64);
    looks(pace, 10);
    expect(pace.credit(10_000, 64)).toBe(76);
    looks(pace, 100);
    expect([600, 5_000, 10_000, 20_000, 50_000].map((streams) => pace.credit(streams, 64))).toEqual([
      250, 250, 125, 64, 64,
    ]);
    // What a sensor would have anyway is not cut.
    expect(pace.credit(600, 1_000)).toBe(1_000);
  });

  test("goes down fast when the event loop is late, and not for one late look", () => {
    const pace = new FleetPace();
    looks(pace, 60);
    pace.look(100, 0);
    expect(pace.credit(10_000, 64)).toBe(125);
    looks(pace, 8, 100);
    expect(pace.credit(10_000, 64)).toBeLessThan(75);
  });

  test("goes down while a fleet comes back, but not for a sensor now and then", () => {
    const pace = new FleetPace();
    looks(pace, 60);
    looks(pace, 5, 0, 3);
    expect(pace.credit(10_000, 64)).toBe(125);
    looks(pace, 12, 0, 80);
    expect(pace.credit(10_000, 64)).toBe(64);
  });
});
