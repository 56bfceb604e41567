import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LossRow } from "../../src/console/ingest/store.ts";
import { createLossStore } from "../../src/console/losses/store.ts";
import { newUuid } from "../../src/core/ids.ts";
import { EPOCH } from "../harness/sensor-messages.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

test("a ledger with counts beyond all measure adds up to the most that is told, and does not begin anew", async () => {
  const [tenantId, sensorId, nowMs] = [newUuid(), newUuid(), Date.now()];
  const row: LossRow = {
    tenant_id: tenantId,
    sensor_id: sensorId,
    node_name: "n",
    stage: "kernel",
    cause: "ring_main",
    count: Number.MAX_SAFE_INTEGER,
    unknown: 0,
    source: "event",
    epoch: EPOCH,
    from_seq: 1,
    to_seq: 1,
    from_at: nowMs * 1000,
    to_at: nowMs * 1000,
    recorded_at: nowMs,
  };
  // More than a whole number of 64 bits holds.
  const rows = Array.from({ length: 2_100 }, (_, seq) => ({ ...row, from_seq: seq, to_seq: seq }));
  await stores.events.insert("event_losses", [...rows, { ...row, cause: "recursion", count: 7 }]);
  const store = createLossStore(stores);
  const filter = { sensors: [], stages: [], causes: [], fromUs: (nowMs - 60_000) * 1000, toUs: (nowMs + 1) * 1000 };
  const most = Number.MAX_SAFE_INTEGER;
  expect((await store.causes(tenantId, filter)).map(({ cause, lost }) => [cause, lost])).toEqual([
    ["ring_main", most],
    ["recursion", 7],
  ]);
  expect((await store.topSensors(tenantId, filter, 10)).map(({ lost }) => lost)).toEqual([most]);
  expect((await store.series(tenantId, filter, 60)).map(({ lost }) => lost)).toEqual([most]);
  const ranges = await store.ranges(tenantId, filter, undefined, 10);
  expect(ranges.map(({ cause, lost }) => [cause, lost])).toEqual([
    ["ring_main", most],
    ["recursion", 7],
  ]);
});
