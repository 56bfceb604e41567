import { expect, test } from "bun:test";
import { countLate } from "./late-sql.ts";

const SENSOR = "018f0000-0000-7000-8000-000000000001";

test("without a clock that was off nothing is joined", () => {
  expect(countLate([]).join).toBe("");
});

test("a change is judged leniently just before it is known, and from the beginning of time there is no before", () => {
  const { join } = countLate([
    { sensorId: SENSOR, sinceMs: 0, aheadMs: -86_400_000 },
    { sensorId: SENSOR, sinceMs: 1_700_000_000_000, aheadMs: 50 },
  ]);
  const rows = [...join.matchAll(/toInt64\((-?\d+)\),toInt64\((-?\d+)\)/g)].map(([, since, ahead]) => [since, ahead]);
  expect(rows).toEqual([
    ["0", "-86400000"],
    ["1699999940000", "-86400000"],
    ["1700000000000", "50"],
  ]);
});

test("nothing but ids and whole numbers gets into the query", () => {
  const bad = [
    { sensorId: `${SENSOR}') OR 1 --`, sinceMs: 0, aheadMs: 0 },
    { sensorId: SENSOR, sinceMs: 0.5, aheadMs: 0 },
    { sensorId: SENSOR, sinceMs: 0, aheadMs: Number.NaN },
    { sensorId: SENSOR, sinceMs: 0, aheadMs: "1) OR 1 --" as unknown as number },
  ];
  for (const change of bad) expect(() => countLate([change])).toThrow(RangeError);
});
