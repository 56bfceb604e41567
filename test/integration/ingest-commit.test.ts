import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorPeer } from "../../src/console/http/env.ts";
import { findCursors } from "../../src/console/ingest/store-lanes.ts";
import type { Db } from "../../src/console/stores/contract.ts";
import { STORE_AWAY, storedSeqs, TestIngest, testPeers } from "../harness/ingest.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch } from "../harness/sensor-messages.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const ask = (home: TestIngest, peer: SensorPeer, from: number, to: number, more: object = {}) =>
  home.ingest.accept(peer, testBatch(from, to, more));
/** Lets everything that is due happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("group commit", () => {
  test("batches of many sensors become few inserts, ordered as the table is, each acknowledged when durable", async () => {
    await using home = new TestIngest(stores);
    const peers = await testPeers(stores, 40);
    const answers = await Promise.all(peers.map((peer) => ask(home, peer, 1, 10)));
    expect(answers.map((a) => a.ack)).toEqual(peers.map(() => ({ epoch: EPOCH, seq: 10 })));
    expect(home.events.inserts.length).toBeLessThanOrEqual(3);
    const order = home.events.inserts.flatMap((rows) => [...new Set(rows.map((row) => row.sensor_id.slice(19)))]);
    if (home.events.inserts.length === 1) expect(order).toEqual(order.toSorted());
    for (const peer of peers) expect(await storedSeqs(stores, peer, EPOCH)).toEqual(range(1, 10));
    expect(home.offered).toHaveLength(400);
  });

  test("a store that fails costs nothing that was acknowledged, and nothing is stored twice", async () => {
    await using home = new TestIngest(stores, { commit: { probeMs: 5 } });
    const [peer] = await testPeers(stores, 1);
    await ask(home, peer!, 1, 10);
    home.events.fault = STORE_AWAY();
    expect(await rejectionOf(ask(home, peer!, 11, 20))).toMatchObject({ code: "unavailable" });
    expect(await home.ingest.cursor(peer!, EPOCH)).toBe(10);
    expect([home.ingest.room, home.ingest.creditFor(peer!.sensorId, "alert")]).toEqual([0, 0]);
    expect(home.ingest.storeFault?.message).toContain("does not answer");
    home.events.fault = undefined;
    await until(() => home.ingest.room > 0);
    // Until an insert succeeds only a little is let through.
    expect(home.ingest.room).toBeLessThanOrEqual(1_000);
    expect((await ask(home, peer!, 11, 30)).ack.seq).toBe(30);
    expect(home.ingest.storeFault).toBeUndefined();
    expect(home.ingest.room).toBeGreaterThan(10_000);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 30));
  });

  test("where rows are readable only later, how far a sequence came is written down before it is acknowledged", async () => {
    let fault: Error | undefined;
    const db = { ...stores.db, system: (run: never) => (fault ? Promise.reject(fault) : stores.db.system(run)) } as Db;
    await using home = new TestIngest({ ...stores, db }, { commit: { probeMs: 5 } });
    home.events.deferred = true;
    const peers = await testPeers(stores, 3);
    const saved = (): Promise<number[]> => {
      return findCursors(
        stores.db,
        peers.map((peer) => ({ ...peer, epoch: EPOCH })),
      );
    };
    await Promise.all(peers.flatMap((peer) => [ask(home, peer, 1, 10), ask(home, peer, 11, 20)]));
    expect(await saved()).toEqual([20, 20, 20]);
    fault = new Error("the state database is away");
    expect(await rejectionOf(ask(home, peers[0]!, 21, 30))).toMatchObject({ code: "unavailable" });
    expect(await saved()).toEqual([20, 20, 20]);
    fault = undefined;
    await until(() => home.ingest.room > 0);
    expect((await ask(home, peers[0]!, 21, 30)).ack.seq).toBe(30);
    expect(await saved()).toEqual([30, 20, 20]);
    // Nothing was stored twice by it.
    expect(new Set(await storedSeqs(stores, peers[0]!, EPOCH))).toEqual(new Set(range(1, 30)));
  });

  test("of two inserts at once the later is not acknowledged before the earlier, nor when that one fails", async () => {
    const commit = { gatherMs: 0, maxGroupRows: 10, probeMs: 5 };
    await using home = new TestIngest(stores, { commit });
    const [peer] = await testPeers(stores, 1);
    await ask(home, peer!, 1, 10);
    const first = Promise.withResolvers<void>();
    home.events.gate = first.promise;
    const early = rejectionOf(ask(home, peer!, 11, 20));
    await until(() => home.events.inserts.length === 2);
    home.events.gate = Promise.resolve();
    const late = rejectionOf(ask(home, peer!, 21, 30));
    await until(async () => (await storedSeqs(stores, peer!, EPOCH)).length === 20);
    home.events.fault = STORE_AWAY();
    first.resolve();
    expect(await early).toMatchObject({ code: "unavailable" });
    expect(await late).toMatchObject({ code: "unavailable" });
    expect(await home.ingest.cursor(peer!, EPOCH)).toBe(10);
    home.events.fault = undefined;
    await until(() => home.ingest.room > 0);
    expect((await ask(home, peer!, 11, 30)).ack.seq).toBe(30);
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 30));
  });

  test("one that sends a hundred times as much waits alone: the others' events go into the next insert", async () => {
    await using home = new TestIngest(stores, { commit: { maxInserts: 1 } });
    const [rogue, ...others] = await testPeers(stores, 11);
    const gate = Promise.withResolvers<void>();
    home.events.gate = gate.promise;
    const flood = range(0, 29).map((i) => ask(home, rogue!, i * 1_000 + 1, (i + 1) * 1_000));
    const refused: unknown[] = [];
    for (const batch of flood) batch.catch((error: unknown) => refused.push(error));
    await until(() => home.events.inserts.length === 1);
    const waiting = others.map((peer) => ask(home, peer, 1, 10));
    await settled();
    gate.resolve();
    await Promise.all(waiting);
    const second = new Set(home.events.inserts[1]!.map((row) => row.sensor_id));
    expect(others.filter((peer) => !second.has(peer.sensorId))).toEqual([]);
    await Promise.allSettled(flood);
    expect(refused).toEqual([]);
    expect(await storedSeqs(stores, rogue!, EPOCH)).toEqual(range(1, 30_000));
  });

  test("beyond its share it is told to wait, while others are taken; when all is full everybody is", async () => {
    await using home = new TestIngest(stores, { commit: { maxPendingRows: 10_000, maxInserts: 1 } });
    const [rogue, other, third] = await testPeers(stores, 3);
    const backlog = { lane: "backlog", epoch: "00000000000000bb" };
    const alert = { lane: "alert", epoch: "00000000000000cc" };
    const known = [ask(home, rogue!, 1, 1), ask(home, other!, 1, 1), ask(home, third!, 1, 1)];
    await Promise.all([...known, ask(home, third!, 1, 1, backlog), ask(home, third!, 1, 1, alert)]);
    const gate = Promise.withResolvers<void>();
    home.events.gate = gate.promise;
    const taken: Promise<{ ack: { seq: number } }>[] = [];
    const send = async (...args: Parameters<typeof ask>): Promise<void> => {
      const answer = ask(...args);
      answer.catch(() => {});
      taken.push(answer);
      await settled();
    };
    await send(home, rogue!, 2, 2_001);
    await send(home, rogue!, 2_002, 4_001);
    expect(await rejectionOf(ask(home, rogue!, 4_002, 6_001))).toMatchObject({ code: "rate_limited" });
    await send(home, other!, 2, 4_001);
    expect(home.ingest.creditFor(third!.sensorId, "bulk")).toBeGreaterThan(0);
    // What an outage left has to wait first, alerts last.
    expect(home.ingest.creditFor(third!.sensorId, "backlog")).toBe(0);
    expect(await rejectionOf(ask(home, third!, 2, 10, backlog))).toMatchObject({ code: "unavailable" });
    await send(home, third!, 2, 1_501);
    expect(await rejectionOf(ask(home, third!, 1_502, 1_600))).toMatchObject({ code: "unavailable" });
    await send(home, third!, 2, 10, alert);
    gate.resolve();
    expect((await Promise.all(taken)).map((answer) => answer.ack.seq)).toEqual([4_001, 4_001, 4_001, 1_501, 10]);
    expect(home.metrics.value("telovix_console_batches_put_off_total", { reason: "rate_limited" })).toBe(1);
    expect(home.metrics.value("telovix_console_batches_put_off_total", { reason: "unavailable" })).toBe(2);
  });

  test("who watches for room is told when something became durable, with the room it left", async () => {
    await using home = new TestIngest(stores, { commit: { maxPendingRows: 100 } });
    const [peer] = await testPeers(stores, 1);
    const rooms: number[] = [];
    const stop = home.ingest.watchRoom(() => void rooms.push(home.ingest.room));
    const answer = ask(home, peer!, 1, 95);
    await until(() => home.ingest.room === 0);
    await answer;
    expect(rooms).toEqual([90]);
    stop();
    await ask(home, peer!, 96, 100);
    expect(rooms).toHaveLength(1);
  });

  test("drained, it makes durable and acknowledges what it took, and takes nothing more", async () => {
    await using home = new TestIngest(stores);
    const [peer] = await testPeers(stores, 1);
    await ask(home, peer!, 1, 10);
    const taken = [ask(home, peer!, 11, 500), ask(home, peer!, 501, 1_000)];
    await settled();
    const drained = home.ingest.drain();
    expect(await rejectionOf(ask(home, peer!, 1_001, 1_010))).toMatchObject({ code: "unavailable" });
    await drained;
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 1_000));
    expect((await Promise.all(taken)).map((answer) => answer.ack.seq)).toEqual([1_000, 1_000]);
  });

  test("drained while the store is down, it says so at once", async () => {
    await using home = new TestIngest(stores, { commit: { probeMs: 60_000 } });
    const [peer] = await testPeers(stores, 1);
    home.events.fault = STORE_AWAY();
    expect(await rejectionOf(ask(home, peer!, 1, 10))).toMatchObject({ code: "unavailable" });
    await home.ingest.drain();
    expect(await storedSeqs(stores, peer!, EPOCH)).toEqual([]);
  });
});
