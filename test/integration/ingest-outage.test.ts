import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorPeer } from "../../src/console/http/env.ts";
import type { EventDb } from "../../src/console/stores/contract.ts";
import type { EventsResponse } from "../../src/core/wire/events.ts";
import { STORE_AWAY, storedSeqs, TestIngest, testPeers } from "../harness/ingest.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch } from "../harness/sensor-messages.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { until } from "../harness/until.ts";

let stores: TestStores;
beforeAll(async () => void (stores = await testStores()), 60_000);
afterAll(() => stores.dispose());

const COMMIT = { gatherMs: 0, probeMs: 5 };
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** As a stream gives it. */
const offer = (home: TestIngest, peer: SensorPeer, from: number, to: number): Promise<EventsResponse> => {
  const answer = home.ingest.accept(peer, { ...testBatch(from, to), patient: true });
  answer.catch(() => {});
  return answer;
};
const ackOf = async (answer: Promise<EventsResponse>): Promise<number> => (await answer).ack.seq;
const isDown = (home: TestIngest): Promise<unknown> => until(() => home.ingest.storeFault !== undefined);

describe("while the store takes nothing", () => {
  test("what came by a stream is kept and acknowledged afterwards; what was posted is handed back", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    const [peer, other] = await testPeers(stores, 2);
    await ackOf(offer(home, peer!, 1, 10));
    home.events.fault = STORE_AWAY();
    const early = offer(home, peer!, 11, 1_210);
    const posted = rejectionOf(home.ingest.accept(other!, testBatch(1, 10)));
    await isDown(home);
    expect(await posted).toMatchObject({ code: "unavailable" });
    // It was on its way when nobody knew of it yet: more than is let through when the store is tried again.
    const late = offer(home, peer!, 1_211, 1_220);
    expect(await rejectionOf(home.ingest.accept(other!, testBatch(1, 10)))).toMatchObject({ code: "unavailable" });
    expect([home.ingest.creditFor(peer!.sensorId, "bulk"), home.ingest.room]).toEqual([0, 0]);
    expect(await home.ingest.cursor(peer!, EPOCH)).toBe(10);
    home.events.fault = undefined;
    await early;
    expect(await ackOf(late)).toBe(1_220);
    expect(home.ingest.storeFault).toBeUndefined();
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 1_220));
    expect(home.offered).toHaveLength(1_220);
  });

  test("an insert that happened though it seemed to fail is not made again; of one that happened in part the rest is", async () => {
    let lies = true;
    const events = {
      select: (...of: Parameters<EventDb["select"]>) => stores.events.select(...of),
      selectSystem: (...of: Parameters<EventDb["selectSystem"]>) => stores.events.selectSystem(...of),
      ping: () => stores.events.ping(),
      insert: (...of: Parameters<EventDb["insert"]>) => stores.events.insert(...of),
      async insertEvents(parts: Parameters<EventDb["insertEvents"]>[0]) {
        await stores.events.insertEvents(lies ? parts.slice(0, 1) : parts);
        if (lies) throw STORE_AWAY();
      },
    } as EventDb;
    await using home = new TestIngest({ db: stores.db, events }, { commit: { ...COMMIT, probeMs: 50 } });
    const [peer] = await testPeers(stores, 1);
    // Together in one insert, of which the first is stored.
    const answers = [offer(home, peer!, 1, 10), offer(home, peer!, 11, 20)];
    await isDown(home);
    lies = false;
    expect(await Promise.all(answers.map(ackOf))).toEqual([20, 20]);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 20));
  });

  test("of two inserts at once of which the earlier fails, neither is acknowledged before the other is stored", async () => {
    await using home = new TestIngest(stores, { commit: { ...COMMIT, maxGroupRows: 10 } });
    const [peer] = await testPeers(stores, 1);
    await ackOf(offer(home, peer!, 1, 10));
    const first = Promise.withResolvers<void>();
    home.events.gate = first.promise;
    const early = offer(home, peer!, 11, 20);
    await until(() => home.events.inserts.length === 2);
    home.events.gate = Promise.resolve();
    const late = offer(home, peer!, 21, 30);
    await until(async () => (await storedSeqs(stores, peer!, EPOCH)).length === 20);
    home.events.fault = STORE_AWAY();
    first.resolve();
    await isDown(home);
    expect(await home.ingest.cursor(peer!, EPOCH)).toBe(10);
    home.events.fault = undefined;
    expect(await Promise.all([ackOf(early), ackOf(late)])).toEqual([20, 30]);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 30));
  });

  test("a sequence of which something is handed back is handed back as a whole", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    const [peer] = await testPeers(stores, 1);
    await ackOf(offer(home, peer!, 1, 10));
    home.events.fault = STORE_AWAY();
    const answers = [home.ingest.accept(peer!, testBatch(11, 20)), offer(home, peer!, 21, 30)];
    for (const refused of await Promise.all(answers.map(rejectionOf)))
      expect(refused).toMatchObject({ code: "unavailable" });
    home.events.fault = undefined;
    await until(() => home.ingest.room > 0);
    expect(await ackOf(offer(home, peer!, 11, 30))).toBe(30);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 30));
  });

  test("no more is kept than there is room for", async () => {
    await using home = new TestIngest(stores, { commit: { ...COMMIT, maxPendingRows: 2_000 } });
    const peers = await testPeers(stores, 7);
    for (const peer of peers) await ackOf(offer(home, peer, 1, 1));
    home.events.fault = STORE_AWAY();
    // Twice the rows that are granted.
    const kept = peers.slice(0, 6).map((peer) => offer(home, peer, 2, 701));
    await isDown(home);
    expect(await rejectionOf(offer(home, peers[6]!, 2, 10))).toMatchObject({ code: "unavailable" });
    home.events.fault = undefined;
    expect(await Promise.all(kept.map(ackOf))).toEqual(kept.map(() => 701));
  });

  test("where rows show only later nothing is kept: nobody could say what of it is stored", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    home.events.deferred = true;
    const [peer] = await testPeers(stores, 1);
    home.events.fault = STORE_AWAY();
    expect(await rejectionOf(offer(home, peer!, 1, 10))).toMatchObject({ code: "unavailable" });
    expect(await rejectionOf(offer(home, peer!, 1, 10))).toMatchObject({ code: "unavailable" });
  });

  test("a Console that ends hands back what it kept", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    const [peer] = await testPeers(stores, 1);
    home.events.fault = STORE_AWAY();
    const answer = offer(home, peer!, 1, 10);
    await isDown(home);
    const late = offer(home, peer!, 11, 20);
    await home.ingest.drain();
    for (const refused of await Promise.all([answer, late].map(rejectionOf)))
      expect(refused).toMatchObject({ code: "unavailable" });
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual([]);
  });
});
