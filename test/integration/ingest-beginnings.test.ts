import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AppError } from "../../src/core/error.ts";
import { readEnvelope } from "../../src/console/ingest/check-batch.ts";
import type { SensorPeer } from "../../src/console/http/env.ts";
import { storedSeqs, TestIngest, testPeers } from "../harness/ingest.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

const ALERTS = "00000000000000a1";
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const skippedOf = async (peer: SensorPeer): Promise<number[][]> => {
  const rows = await stores.events.select<{ from: number; to: number; count: number }>(
    peer.tenantId,
    `SELECT from_seq AS from, to_seq AS to, count FROM event_losses FINAL
     WHERE tenant_id = {tenant_id:UUID} AND stage = 'wire' AND cause = 'skipped' ORDER BY from`,
  );
  return rows.map((row) => [row.from, row.to, row.count].map(Number));
};

/** A clock that stands, beside one that says what time it is. */
function standing() {
  const clock = {
    ms: 0,
    nowMs: () => Date.now(),
    monotonicMs: () => clock.ms,
    sleep: (ms: number, signal?: AbortSignal) => Bun.sleep(signal?.aborted ? 0 : Math.min(ms, 5)),
  };
  return clock;
}

describe("a sequence the Console has nothing of", () => {
  test("whose first frame is refused by the sensor's share and whose second is taken in its place loses nothing", async () => {
    const [peer] = await testPeers(stores, 1);
    await using home = new TestIngest(stores, { commit: { maxPendingRows: 4_000 } });
    const gate = Promise.withResolvers<void>();
    home.events.gate = gate.promise;
    // The alerts' sequence is at hand, the other one has to be loaded: its frames wait for that.
    await home.ingest.cursor(peer!, ALERTS, 1);
    const first = rejectionOf(home.ingest.accept(peer!, testBatch(1, 1_790)));
    const alerts = home.ingest.accept(peer!, testBatch(1, 30, { epoch: ALERTS, lane: "alert" }));
    // While the first waits it counts, and the second has no room; once it is refused there is room, and numbers are missing.
    const second = rejectionOf(home.ingest.accept(peer!, testBatch(1_791, 1_800)));
    const refused = [await first, await second, await rejectionOf(home.ingest.accept(peer!, testBatch(1_791, 1_800)))];
    gate.resolve();
    expect(refused.map((error) => (error as AppError).code)).toEqual(["rate_limited", "rate_limited", "unavailable"]);
    expect((await alerts).ack.seq).toBe(30);
    // What the next hello is welcomed with is what is stored.
    expect(await home.ingest.cursor(peer!, EPOCH, 1_801)).toBe(0);
    await home.ingest.accept(peer!, testBatch(1, 1_790));
    expect((await home.ingest.accept(peer!, testBatch(1_791, 1_800))).ack.seq).toBe(1_800);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 1_800));
    expect(await skippedOf(peer!)).toEqual([]);
  });

  test("nor when that happens again later: whoever offers the first does not insist on the second", async () => {
    const [peer] = await testPeers(stores, 1);
    const clock = standing();
    await using home = new TestIngest(stores, { clock, commit: { maxPendingRows: 4_000, gatherMs: 0 } });
    for (let attempt = 0; attempt < 3; attempt++) {
      const gate = Promise.withResolvers<void>();
      home.events.gate = gate.promise;
      const at = attempt * 1_780;
      const busy = home.ingest.accept(peer!, testBatch(at + 1, at + 1_780, { epoch: ALERTS, lane: "alert" }));
      while (home.events.inserts.length <= attempt) await Bun.sleep(1);
      expect(await rejectionOf(home.ingest.accept(peer!, testBatch(1, 500)))).toMatchObject({ code: "rate_limited" });
      expect(await rejectionOf(home.ingest.accept(peer!, testBatch(501, 510)))).toMatchObject({ code: "unavailable" });
      gate.resolve();
      await busy;
      clock.ms += 5_000;
    }
    await home.ingest.accept(peer!, testBatch(1, 500));
    expect((await home.ingest.accept(peer!, testBatch(501, 510))).ack.seq).toBe(510);
    expect(await skippedOf(peer!)).toEqual([]);
  });

  test("and that its sensor no longer has from the beginning stands in the ledger from the first number on", async () => {
    const [posting, greeting, moved] = await testPeers(stores, 3);
    const clock = standing();
    await using home = new TestIngest(stores, { clock });
    // Without a word of it: once it insists.
    const batch = testBatch(5_001, 5_010);
    expect(await rejectionOf(home.ingest.accept(posting!, batch))).toMatchObject({ code: "unavailable" });
    clock.ms += 2_000;
    expect((await home.ingest.accept(posting!, batch)).ack.seq).toBe(5_010);
    expect(await skippedOf(posting!)).toEqual([[1, 5_000, 5_000]]);
    // With what the hello said: at once, as far as it was acknowledged by a Console whose stores are gone.
    const handed = { acked: 5_000, base: 2_000 };
    const ahead = { ...testBatch(5_002, 5_010), handed };
    expect(await rejectionOf(home.ingest.accept(greeting!, ahead))).toMatchObject({ code: "unavailable" });
    expect((await home.ingest.accept(greeting!, { ...batch, handed })).ack.seq).toBe(5_010);
    expect((await home.ingest.accept(moved!, { ...batch, handed: { acked: 5_000, base: 5_000 } })).ack.seq).toBe(5_010);
    // The ledger is one for the tenant.
    expect(await skippedOf(moved!)).toEqual([
      [1, 5_000, 5_000],
      [2_001, 5_000, 3_000],
    ]);
  });

  test("is taken up again by a Console that lost its cursors, in ledger and store alike, without a number twice", async () => {
    const [peer] = await testPeers(stores, 1);
    const handed = { acked: 5_000, base: 0 };
    {
      await using home = new TestIngest(stores);
      await home.ingest.accept(peer!, { ...testBatch(5_001, 5_010), handed });
    }
    await stores.db.system((tx) => tx`DELETE FROM sensor_cursors WHERE sensor_id = ${peer!.sensorId}`);
    await using home = new TestIngest(stores);
    const again = { ...testBatch(5_011, 5_020), handed: { acked: 5_010, base: 0 } };
    expect((await home.ingest.accept(peer!, again)).ack.seq).toBe(5_020);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(5_001, 5_020));
    expect(await skippedOf(peer!)).toEqual([[1, 5_000, 5_000]]);
  });
});

test("a sequence that goes on behind what was handed over elsewhere loses nothing by post, and by a heartbeat's batch", async () => {
  const [posting, beating] = await testPeers(stores, 2);
  await using home = new TestIngest(stores, { clock: standing() });
  const posted = readEnvelope(testBatch(5_001, 5_010, { base_seq: 5_000 }));
  expect((await home.ingest.accept(posting!, posted)).ack.seq).toBe(5_010);
  const { batch } = testHeartbeat({ batch: testBatch(5_001, 5_010, { base_seq: 5_000 }) });
  expect((await home.ingest.accept(beating!, readEnvelope(batch, "/batch"))).ack.seq).toBe(5_010);
  expect((await home.ingest.accept(posting!, readEnvelope(testBatch(5_011, 5_020, { base_seq: 5_000 })))).ack.seq).toBe(
    5_020,
  );
  expect(await skippedOf(posting!)).toEqual([]);
});

test("of what was handed over here the base says nothing: numbers left out above it are asked for", async () => {
  const [peer] = await testPeers(stores, 1);
  await using home = new TestIngest(stores, { clock: standing() });
  const late = readEnvelope(testBatch(5_002, 5_010, { base_seq: 5_000 }));
  expect(await rejectionOf(home.ingest.accept(peer!, late))).toMatchObject({ code: "unavailable" });
});
