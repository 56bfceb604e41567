import { expect, test } from "bun:test";
import type { HealthReason, HealthState, SensorSummary } from "../../../core/api/sensors.ts";
import { doubtsOf, groupDoubts } from "./doubts.ts";

const sensor = (...reasons: readonly [string, HealthState][]): SensorSummary =>
  ({
    node_name: "db-1",
    health_reasons: reasons.map(([code, state]): HealthReason => ({ code, state, message: "m", action: "a" })),
  }) as never;

test("of several doubts about an identity the gravest is told", () => {
  const found = doubtsOf(sensor(["certificate_renewal_due", "degraded"], ["clone_suspected", "degraded"]));
  expect(found.map(({ words, reason }) => [words, reason.code])).toEqual([
    ["Two nodes, one identity", "clone_suspected"],
  ]);
});

test("what says nothing about who it is, or a clock that is off a little, is no doubt", () => {
  expect(doubtsOf(sensor(["cpu_pressure", "watch"], ["clock_skew", "watch"]))).toEqual([]);
  expect(doubtsOf(sensor(["clock_skew", "degraded"])).map(({ words }) => words)).toEqual(["Clock is off"]);
});

test("those that need the same are told together, the gravest first", () => {
  const all: [string, HealthState][] = [
    ["clock_skew", "degraded"],
    ["clone_suspected", "degraded"],
    ["clock_skew", "degraded"],
  ];
  const groups = groupDoubts(all.flatMap((reason) => doubtsOf(sensor(reason))));
  expect(groups.map((same) => [same[0]?.words, same.length])).toEqual([
    ["Two nodes, one identity", 1],
    ["Clock is off", 2],
  ]);
});
