import { afterAll, beforeAll, expect, test } from "bun:test";
import { createEventStore } from "../../src/console/events/store.ts";
import type { LossRow } from "../../src/console/ingest/store.ts";
import { findRoots } from "../../src/console/integrity/store-roots.ts";
import { sumUnreadable } from "../../src/console/losses/store-second-look.ts";
import { createLossStore } from "../../src/console/losses/store.ts";
import { PlainRows } from "../../src/console/rows/plain-rows.ts";
import { newUuid } from "../../src/core/ids.ts";
import { Bed } from "../harness/integrity-bed.ts";
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
  const { fromUs, toUs } = filter;
  const blind = await createEventStore(stores).losses(tenantId, { ids: [], names: [] }, { fromUs, toUs }, 60e6, 10);
  expect(blind.map(({ cause, count }) => [cause, count])).toEqual([
    ["ring_main", most],
    ["recursion", 7],
  ]);
  await stores.events.insert(
    "event_losses",
    rows.map((of) => ({ ...of, source: "queue", cause: "queue_unreadable" })),
  );
  const unreadable = await sumUnreadable(stores.events, { afterMs: nowMs - 1, toMs: nowMs });
  expect(unreadable).toMatchObject([{ sensor_id: sensorId, cause: "queue_unreadable", count: most }]);
});

test("a root over chains that miss more numbers than it can say is signed, and holds", async () => {
  const bed = await Bed.make(stores);
  const recorder = bed.recorder();
  const most = Number.MAX_SAFE_INTEGER - 1;
  for (const epoch of ["00000000000000c2", bed.epoch]) {
    const told = bed.commit(1, 10, [10]);
    const losses = told.losses.map((of) => ({ ...of, epoch, count: most - 9, to_seq: most }));
    const events = new PlainRows(told.events.rows().map((of) => ({ ...of, epoch })));
    const commit = { ...told, lane: { ...told.lane, epoch }, events, losses, lastSeq: most };
    await bed.store(commit);
    recorder.add(commit);
  }
  await bed.pass(recorder, 1);
  const [root] = await findRoots(stores.db, bed.tenantId, 0, Date.now());
  expect(root?.root).toMatchObject({ leaves: 2, events: 18, missing: Number.MAX_SAFE_INTEGER });
  expect((await bed.verify()).events).toBe(18);
});
