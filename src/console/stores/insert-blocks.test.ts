import { afterAll, beforeAll, expect, test } from "bun:test";
import { ClickHousePort } from "../../../test/harness/external-stores.ts";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { testEvent } from "../../../test/harness/sensor-messages.ts";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { newUuid } from "../../core/ids.ts";
import { Secret, silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { openClickHouse } from "./clickhouse.ts";
import { createBlockInsert } from "./insert-blocks.ts";
import { toRuntimeEventRow } from "./runtime-event-row.ts";

let stores: TestStores;
let front: ClickHousePort;
let url = "";
beforeAll(async () => {
  stores = await testStores();
  front = new ClickHousePort(stores.clickhouse.socketPath, "wri:ter", "p@ss/ü");
  url = `http://wri%3Ater:p%40ss%2F%C3%BC@127.0.0.1:${await front.listen()}/${stores.clickhouse.database}`;
}, 60_000);
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await stores.dispose();
});

test("somebody else's ClickHouse takes events by its address, user and password", async () => {
  await using events = await openClickHouse({ url: new Secret(url) }, silentLog, new Metrics());
  const [tenantId, sensorId] = [newUuid(), newUuid()];
  const origin = { tenantId, sensorId, nodeName: "n", epoch: "00000000000000aa", ingestedAtMs: Date.now() };
  const rows = Array.from({ length: 50 }, (_, i) => toRuntimeEventRow({ ...origin, event: testEvent(i + 1) }));
  await events.insert("runtime_events", rows);
  const sql = "SELECT count() AS n FROM runtime_events WHERE tenant_id = {tenant_id:UUID}";
  expect(await stores.events.select<object>(tenantId, sql)).toEqual([{ n: 50 }]);
});

test("errors are ClickHouse's own, and hold no password", async () => {
  const signal = AbortSignal.timeout(5_000);
  const wrong = createBlockInsert({ url: new Secret(url.replace("p%40ss", "other")) });
  const refused = await rejectionOf(wrong("INSERT INTO runtime_events FORMAT Native", new Uint8Array(3), signal));
  expect(refused).toMatchObject({ message: expect.stringContaining("Authentication failed") as string });
  const right = createBlockInsert({ url: new Secret(url) });
  const lost = await rejectionOf(right("INSERT INTO nowhere FORMAT Native", Uint8Array.of(0, 0), signal));
  expect(lost).toMatchObject({ code: "60", type: "UNKNOWN_TABLE" });
  const nobody = createBlockInsert({ url: new Secret("http://u:secret-word@127.0.0.1:1/x") });
  const away = await rejectionOf(nobody("INSERT INTO t FORMAT Native", new Uint8Array(1), signal));
  expect(Bun.inspect(away)).not.toContain("secret-word");
});
