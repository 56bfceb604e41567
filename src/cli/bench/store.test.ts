import { expect, setDefaultTimeout, test } from "bun:test";
import { testStores } from "../../../test/harness/stores.ts";
import { isLateSql, type ClockChange } from "../../console/events/late-sql.ts";
import { connectClickHouse } from "../../console/stores/clickhouse.ts";
import { newUuid } from "../../core/ids.ts";
import { clockChangesOf, sensorIdOf, type DatasetShape } from "./shape.ts";
import { dropTemplates, fillBlock, prepareTemplates } from "./store.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(120_000);

const shape: DatasetShape = {
  rows: 20_000,
  sensors: 100,
  days: 2,
  tenantId: newUuid(),
  endMs: Date.now(),
  wrongClockEvery: 50,
};

test("events of wrong clocks are late by their times alone, and by what is known of the clocks none is", async () => {
  await using stores = await testStores();
  const client = connectClickHouse(stores.clickhouse);
  await prepareTemplates(client);
  await fillBlock(client, shape, 0, shape.rows);
  await dropTemplates(client);
  await client.close();
  const late = (changes: readonly ClockChange[]) =>
    stores.events.select<{ sensor_id: string; n: number; late: number; early: number }>(
      shape.tenantId,
      `SELECT sensor_id, count() AS n, countIf(${isLateSql(changes)}) AS late, countIf(observed_at > ingested_at) AS early
       FROM runtime_events WHERE tenant_id = {tenant_id:UUID} GROUP BY sensor_id HAVING late > 0 OR early > 0 ORDER BY sensor_id`,
    );
  const [behind, ahead] = await late([]);
  expect([behind!.sensor_id, ahead!.sensor_id]).toEqual([sensorIdOf(0), sensorIdOf(50)]);
  // Half of theirs, about.
  expect(behind!.late / behind!.n).toBeCloseTo(0.5, 1);
  expect(ahead!.early / ahead!.n).toBeCloseTo(0.5, 1);
  expect((await late(clockChangesOf(shape))).filter((sensor) => sensor.late > 0)).toEqual([]);
});
