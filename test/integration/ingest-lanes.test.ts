import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EPOCHS_KEPT, findCursors, saveCursors } from "../../src/console/ingest/store-lanes.ts";
import { findStored } from "../../src/console/ingest/store-ranges.ts";
import type { SensorPeer } from "../../src/console/http/env.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { storedSeqs, TestIngest, testPeers } from "../harness/ingest.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch, testEvent } from "../harness/sensor-messages.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const epochOf = (n: number): string => n.toString(16).padStart(16, "0");
const ask = (home: TestIngest, peer: SensorPeer, from: number, to: number, epoch = EPOCH) =>
  home.ingest.accept(peer, testBatch(from, to, { epoch }));

/** Puts events into the store past the Console: as an insert whose end nobody heard of. */
async function store(peer: SensorPeer, seqs: readonly number[], epoch = EPOCH): Promise<void> {
  const { tenantId, sensorId, nodeName } = peer;
  const ingestedAtMs = Date.now();
  const rows = seqs.map((seq) =>
    toRuntimeEventRow({ tenantId, sensorId, nodeName, epoch, event: testEvent(seq), ingestedAtMs }),
  );
  await stores.events.insert("runtime_events", rows);
}

describe("what is stored above a cursor", () => {
  test("is found exactly, lane by lane, however much it is and whatever holes it has", async () => {
    const [one, two, three] = await testPeers(stores, 3);
    // Over two buckets of numbers, one whole and one with holes.
    const first = [...range(65_000, 65_700), ...range(65_702, 65_702), ...range(131_072, 131_090)];
    await store(one!, first);
    await store(one!, range(1, 5), epochOf(7));
    await store(two!, [10, 12, 14]);
    const lane = (peer: SensorPeer, cursor: number, epoch = EPOCH) => ({ ...peer, epoch, cursor });
    const found = await findStored(stores.events, [
      lane(one!, 65_010),
      lane(two!, 10),
      lane(one!, 5, epochOf(7)),
      lane(one!, 2, epochOf(7)),
      lane(three!, 0),
    ]);
    const all = (i: number) => found[i]?.between(0, Number.MAX_SAFE_INTEGER);
    expect(all(0)).toEqual([
      [65_011, 65_700],
      [65_702, 65_702],
      [131_072, 131_090],
    ]);
    expect(all(1)).toEqual([
      [12, 12],
      [14, 14],
    ]);
    expect([all(2), all(4)]).toEqual([undefined, undefined]);
    expect(all(3)).toEqual([[3, 5]]);
  });

  test("is not stored again, and what is missing between is", async () => {
    const [peer] = await testPeers(stores, 1);
    await store(peer!, [...range(1, 1_000), ...range(1_500, 2_000), ...range(2_100, 2_100)]);
    await using home = new TestIngest(stores);
    expect((await ask(home, peer!, 1, 2_200)).ack.seq).toBe(2_200);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 2_200));
  });

  test("is asked for many lanes at once when a fleet comes back", async () => {
    const peers = await testPeers(stores, 500);
    await using home = new TestIngest(stores);
    const before = home.events.selects;
    await Promise.all(peers.map((peer) => ask(home, peer, 1, 1)));
    // Two questions for each 100 lanes.
    expect(home.events.selects - before).toBeLessThanOrEqual(12);
    const [first] = home.events.inserts;
    expect(first!.length).toBeGreaterThan(20);
  });
});

describe("numbers out of order", () => {
  test("a repeat, and one from the past, get what the Console has, and nothing twice", async () => {
    const [peer] = await testPeers(stores, 1);
    await using home = new TestIngest(stores);
    await ask(home, peer!, 1, 20);
    const ack = { epoch: EPOCH, seq: 20 };
    expect(await ask(home, peer!, 1, 20)).toEqual({ ack, rejected: [] });
    expect(await ask(home, peer!, 3, 5)).toEqual({ ack, rejected: [] });
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 20));
    expect(home.metrics.value("telovix_console_events_total", { outcome: "duplicate" })).toBe(23);
  });

  test("a gap is not taken while the sensor may still have what is missing; it is, and said, once it insists", async () => {
    const [peer] = await testPeers(stores, 1);
    let nowMs = 0;
    const clock = {
      nowMs: () => Date.now(),
      monotonicMs: () => nowMs,
      sleep: (ms: number, signal?: AbortSignal) => Bun.sleep(signal?.aborted ? 0 : Math.min(ms, 5)),
    };
    await using home = new TestIngest(stores, { clock });
    await ask(home, peer!, 1, 10);
    const gap = { code: "unavailable", message: expect.stringContaining("up to 10") as string };
    expect(await rejectionOf(ask(home, peer!, 21, 30))).toMatchObject(gap);
    expect(await rejectionOf(ask(home, peer!, 21, 30))).toMatchObject(gap);
    // It had them: nothing is lost.
    nowMs += 2_000;
    expect((await ask(home, peer!, 11, 20)).ack.seq).toBe(20);
    expect((await ask(home, peer!, 21, 30)).ack.seq).toBe(30);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 30));
    // It does not have them, and begins there again.
    expect(await rejectionOf(ask(home, peer!, 41, 50))).toMatchObject({ code: "unavailable" });
    nowMs += 2_000;
    expect((await ask(home, peer!, 41, 50)).ack.seq).toBe(50);
    const losses = await stores.events.select<{ from: number; to: number }>(
      peer!.tenantId,
      "SELECT from_seq AS from, to_seq AS to FROM event_losses FINAL WHERE tenant_id = {tenant_id:UUID} AND cause = 'skipped'",
    );
    expect(losses).toEqual([{ from: 31, to: 40 }]);
  });

  test("a leap beyond all measure is refused as nonsense", async () => {
    const [peer] = await testPeers(stores, 1);
    await using home = new TestIngest(stores);
    await ask(home, peer!, 1, 10);
    const far = Number.MAX_SAFE_INTEGER - 5;
    expect(await rejectionOf(ask(home, peer!, far, far + 1))).toMatchObject({
      code: "invalid_request",
      pointer: "/first_seq",
    });
    expect((await ask(home, peer!, 11, 12)).ack.seq).toBe(12);
  });

  test("a sensor that makes epochs without end has each answered, and keeps a bounded number of cursors", async () => {
    const [peer, other] = await testPeers(stores, 2);
    await using home = new TestIngest(stores);
    await ask(home, other!, 1, 3);
    for (let n = 1; n <= 150; n += 30) {
      const answers = await Promise.all(range(n, n + 29).map((epoch) => ask(home, peer!, 1, 2, epochOf(epoch))));
      expect(answers.map((answer) => answer.ack.seq)).toEqual(answers.map(() => 2));
    }
    expect(await ask(home, peer!, 1, 2, epochOf(1))).toEqual({ ack: { epoch: epochOf(1), seq: 2 }, rejected: [] });
    expect(await storedSeqs(stores, peer!, epochOf(1))).toEqual([1, 2]);
    home.metrics.render();
    expect(home.metrics.value("telovix_console_ingest_lanes")).toBe(65);
  });
});

describe("cursors", () => {
  test("never go back, are found in the order asked for, and beyond those kept the oldest go", async () => {
    const [peer, other] = await testPeers(stores, 2);
    const of = (epoch: number, seq = 1, who = peer!) => ({ ...who, epoch: epochOf(epoch), seq });
    await saveCursors(stores.db, [of(1, 50), of(2, 7, other!)]);
    await saveCursors(stores.db, [of(1, 40)]);
    const lanes = [of(2, 0, other!), of(9), of(1)];
    expect(await findCursors(stores.db, lanes)).toEqual([7, 0, 50]);
    for (let n = 2; n <= EPOCHS_KEPT + 10; n += 20)
      await saveCursors(
        stores.db,
        range(n, Math.min(n + 19, EPOCHS_KEPT + 10)).map((epoch) => of(epoch)),
      );
    const [kept] = await stores.db.system(
      (tx) => tx<{ n: number; oldest: boolean }[]>`
        SELECT count(*)::int AS n, bool_or(epoch = ${epochOf(1)}) AS oldest FROM sensor_cursors WHERE sensor_id = ${peer!.sensorId}`,
    );
    expect(kept).toEqual({ n: EPOCHS_KEPT, oldest: false });
    expect(await findCursors(stores.db, lanes)).toEqual([7, 1, 0]);
  });
});
