import { afterAll, beforeAll, expect, test } from "bun:test";
import { FaultyEventDb } from "../harness/ingest.ts";
import { EPOCH, testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

test("a Console that stops acknowledges what it took before it says that it goes away", async () => {
  const events = new FaultyEventDb(stores.events);
  const console = await (await TestConsole.start({ db: stores.db, events })).setUp();
  const sensor = await console.enroll("drain-1");
  const stream = await sensor.stream();
  await stream.hello();
  stream.send({ type: "events", batch: testBatch(1, 10) });
  await stream.next("ack");
  const gate = Promise.withResolvers<void>();
  events.gate = gate.promise;
  stream.send({ type: "events", batch: testBatch(11, 500) });
  await until(() => events.inserts.length === 2);
  const stopped = console[Symbol.asyncDispose]();
  // First it says that it takes nothing more.
  expect(await stream.next("ack")).toMatchObject({ ack: { epoch: EPOCH, seq: 10 }, credit: 0 });
  // It refuses what comes now, while what it took is still under way.
  const late = await sensor.send("/sensors/events", testBatch(501, 510));
  expect(late.status).toBe(503);
  expect(stream.closed).toBeUndefined();
  gate.resolve();
  await stopped;
  await until(() => stream.closed !== undefined);
  expect(stream.closed).toBe(1001);
  // What became of what it had taken.
  expect(await stream.next("ack")).toMatchObject({ ack: { epoch: EPOCH, seq: 500 }, credit: 0 });
  const sql = "SELECT count() AS n FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID}";
  expect(await stores.events.select<object>(console.me.tenant_id, sql, { id: sensor.sensorId })).toEqual([{ n: 500 }]);
});
