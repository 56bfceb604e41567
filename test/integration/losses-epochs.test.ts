import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { LossRow } from "../../src/console/ingest/store.ts";
import { Epochs } from "../../src/console/losses/epochs.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { causesOf } from "../harness/loss-report.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

const report = (query: string): Promise<LossReport> => console.json<LossReport>("GET", `/api/v1/loss?${query}`);

describe("sequences that are over", () => {
  const [OLD, NEXT, NEVER] = ["00000000000000e1", "00000000000000e2", "00000000000000e3"];
  const epochs = (told: LossRow[]): Epochs =>
    new Epochs({
      db: console.stores.db,
      events: console.stores.events,
      clock: systemClock,
      log: silentLog,
      cursor: async () => 0,
      onLoss: (rows) => void told.push(...rows),
    });
  const enrol = async (name: string): Promise<{ sensor: TestSensor; peer: never }> => {
    const sensor = await console.enroll(name);
    await sensor.send("/sensors/events", testBatch(1, 10, { epoch: OLD }));
    await until(async () => {
      const rows = await console.stores.db.system(
        (tx) => tx`SELECT 1 FROM sensor_cursors WHERE sensor_id = ${sensor.sensorId} AND epoch = ${OLD} AND seq = 10`,
      );
      return rows.length > 0;
    });
    const peer = { tenantId: console.me.tenant_id, sensorId: sensor.sensorId, nodeName: name } as never;
    return { sensor, peer };
  };

  test("with their last number: what had not come is lost, counted once over hellos and processes", async () => {
    const { sensor, peer } = await enrol("over-1");
    const ended = [
      { epoch: OLD, last_seq: 25 },
      { epoch: NEVER, last_seq: 4 },
    ];
    const told: LossRow[] = [];
    const one = epochs(told);
    await one.seen(peer, [{ epoch: NEXT }], ended);
    await one.seen(peer, [{ epoch: NEXT }], ended);
    await epochs(told).seen(peer, [{ epoch: NEXT }], ended);
    expect(causesOf(await report(`sensor=${sensor.sensorId}`))).toEqual([["spool", "epoch_ended", 19]]);
    const all = (await report("")).totals;
    expect(all.top_sensors).toContainEqual({
      sensor_id: sensor.sensorId,
      node_name: "over-1",
      count: 19,
      unknown: 0,
    });
    expect(all.top_sensors.length).toBe(Math.min(10, all.sensors));
    expect(all.top_sensors).toEqual(all.top_sensors.toSorted((a, b) => b.count - a.count));
    expect(told.map((row) => [row.epoch, row.count, row.from_seq, row.to_seq])).toEqual([
      [OLD, 15, 11, 25],
      [NEVER, 4, 1, 4],
    ]);
  });

  test("without a word: something is lost, and nobody knows how much", async () => {
    const { sensor, peer } = await enrol("over-2");
    await epochs([]).seen(peer, [{ epoch: NEXT }], []);
    const { totals, ranges } = await report(`sensor=${sensor.sensorId}`);
    expect(totals).toMatchObject({ count: 0, unknown: 1, sensors: 1 });
    expect(ranges[0]).toMatchObject({ cause: "epoch_lost", unknown: true, count: 0 });
  });

  test("that had come whole, or go on, lose nothing; one that comes back is taken out again", async () => {
    const { sensor, peer } = await enrol("over-3");
    await epochs([]).seen(peer, [{ epoch: OLD }], []);
    await epochs([]).seen(peer, [{ epoch: NEXT }], [{ epoch: OLD, last_seq: 10 }]);
    expect((await report(`sensor=${sensor.sensorId}`)).totals).toMatchObject({ count: 0, unknown: 0 });
    const other = await enrol("over-4");
    await epochs([]).seen(other.peer, [{ epoch: NEXT }], [{ epoch: OLD, last_seq: 12 }]);
    expect((await report(`sensor=${other.sensor.sensorId}`)).totals.count).toBe(2);
    await epochs([]).seen(other.peer, [{ epoch: OLD }], []);
    expect((await report(`sensor=${other.sensor.sensorId}`)).totals.count).toBe(0);
  });
});
