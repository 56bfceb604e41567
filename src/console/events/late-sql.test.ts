import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { EPOCH, testEvent } from "../../../test/harness/sensor-messages.ts";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { toRuntimeEventRow } from "../stores/runtime-event-row.ts";
import { isLateSql, type ClockChange } from "./late-sql.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(120_000);

const TENANT = "01900000-0000-7000-8000-00000000000a";
const sensorOf = (n: number): string => `018f0000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const SENSOR = sensorOf(1);

test("without a clock that was off no sensor is looked at", () => {
  expect(isLateSql([])).not.toContain("sensor_id");
});

test("nothing but ids and whole numbers gets into the query", () => {
  const bad = [
    { sensorId: `${SENSOR}') OR 1 --`, sinceMs: 0, aheadMs: 0 },
    { sensorId: SENSOR, sinceMs: 0.5, aheadMs: 0 },
    { sensorId: SENSOR, sinceMs: 0, aheadMs: Number.NaN },
    { sensorId: SENSOR, sinceMs: 0, aheadMs: "1) OR 1 --" as unknown as number },
  ];
  for (const change of bad) expect(() => isLateSql([change])).toThrow(RangeError);
});

describe("on a real store", () => {
  const BASE_MS = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
  /** No number of these is a minute, so that no two steps of a clock are at the same time, when either may hold. */
  const TICK_MS = 7_919;
  const TICKS = 40;
  const SENSORS = 4;
  const HOUR_MS = 3_600_000;
  const AHEAD_MS = [-HOUR_MS, -45_000, 0, 45_000, 90_000, HOUR_MS];
  let stores: TestStores;

  const select = async (sql: string): Promise<number[]> =>
    (await stores.events.select<{ seq: number }>(TENANT, sql)).map(({ seq }) => Number(seq));
  const late = (changes: readonly ClockChange[]): Promise<number[]> =>
    select(`SELECT seq FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND ${isLateSql(changes)} ORDER BY seq`);

  /** The same by a join of every event with the last that was known of its sensor's clock when it came. */
  function lateByJoin(changes: readonly ClockChange[]): Promise<number[]> {
    const known = changes.flatMap(({ sensorId, sinceMs, aheadMs }) => {
      const before = changes.findLast((other) => other.sensorId === sensorId && other.sinceMs < sinceMs)?.aheadMs ?? 0;
      const unsure = { sensorId, sinceMs: sinceMs - 60_000, aheadMs: Math.min(before, aheadMs) };
      return sinceMs === 0 ? [{ sensorId, sinceMs, aheadMs }] : [unsure, { sensorId, sinceMs, aheadMs }];
    });
    const rows = known.map((k) => `(toUUID('${k.sensorId}'), toInt64(${k.sinceMs}), toInt64(${k.aheadMs}))`);
    return select(
      `SELECT e.seq AS seq FROM runtime_events AS e ASOF LEFT JOIN (
         SELECT tupleElement(c, 1) AS clock_of, fromUnixTimestamp64Milli(tupleElement(c, 2), 'UTC') AS since, tupleElement(c, 3) AS ahead
         FROM (SELECT arrayJoin([${rows.join(", ")}]) AS c)
       ) AS k ON k.clock_of = e.sensor_id AND k.since <= e.ingested_at
       WHERE e.tenant_id = {tenant_id:UUID}
         AND toUnixTimestamp64Milli(e.ingested_at) - intDiv(toUnixTimestamp64Micro(e.observed_at), 1000) + k.ahead > 120000
       ORDER BY seq`,
    );
  }

  beforeAll(async () => {
    stores = await testStores();
    // Of each sensor: at every tick, just before it and as long before as a change is unsure, so late by each clock that it is and is not.
    const places = Array.from({ length: SENSORS * TICKS }, (_, i) => [i % SENSORS, Math.floor(i / SENSORS)] as const);
    const events = places.flatMap(([sensor, tick]) =>
      [0, -1, -60_000, -60_001].flatMap((asideMs) =>
        AHEAD_MS.flatMap((aheadMs) =>
          [120_000, 120_001].map((delayMs) => ({
            sensor,
            cameMs: BASE_MS + tick * TICK_MS + asideMs,
            delayMs: delayMs - aheadMs,
          })),
        ),
      ),
    );
    await stores.events.insert(
      "runtime_events",
      events.map(({ sensor, cameMs, delayMs }, i) =>
        toRuntimeEventRow({
          tenantId: TENANT,
          sensorId: sensorOf(sensor),
          nodeName: "n",
          epoch: EPOCH,
          ingestedAtMs: cameMs,
          event: testEvent(i + 1, { observed_at_us: (cameMs - delayMs) * 1000 }),
        }),
      ),
    );
  });
  afterAll(() => stores?.dispose());

  test("what is late is what a join of each event with its sensor's clock calls late", async () => {
    const change = fc.record({
      sensor: fc.nat(SENSORS - 2),
      tick: fc.nat(TICKS),
      aheadMs: fc.constantFrom(...AHEAD_MS),
    });
    const changes = fc.uniqueArray(change, { minLength: 1, maxLength: 24, selector: (c) => `${c.sensor} ${c.tick}` });
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (list, ever) => {
        const noted = list
          .toSorted((a, b) => a.tick - b.tick)
          // What a sensor was before its first heartbeat it was ever.
          .map(({ sensor, tick, aheadMs }) => ({
            sensorId: sensorOf(sensor),
            sinceMs: ever && tick === 0 ? 0 : BASE_MS + tick * TICK_MS,
            aheadMs,
          }));
        const told = await late(noted);
        expect(told).toEqual(await lateByJoin(noted));
        expect(told.length).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  test("of a sensor whose clock was never off it is as if no other's was", async () => {
    const right = `sensor_id = toUUID('${sensorOf(SENSORS - 1)}')`;
    const count = (changes: readonly ClockChange[]): Promise<number[]> =>
      select(
        `SELECT seq FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND ${right} AND ${isLateSql(changes)} ORDER BY seq`,
      );
    const off = [{ sensorId: SENSOR, sinceMs: 0, aheadMs: -HOUR_MS }];
    expect(await count(off)).toEqual(await count([]));
    expect(await late(off)).not.toEqual(await late([]));
  });

  test("a fleet of 10,000 whose clocks were all off, twice, can be asked", async () => {
    const set = [-HOUR_MS, 0].map((aheadMs, turn) => ({ sinceMs: BASE_MS + turn * TICK_MS, aheadMs }));
    const noted = (sensors: number): ClockChange[] =>
      set.flatMap((change) => Array.from({ length: sensors }, (_, n) => ({ sensorId: sensorOf(n), ...change })));
    expect(await late(noted(10_000))).toEqual(await late(noted(SENSORS)));
  });
});
