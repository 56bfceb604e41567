import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findRoots } from "../../src/console/integrity/store-roots.ts";
import { findLinks } from "../../src/console/integrity/store.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { EventDb } from "../../src/console/stores/contract.ts";
import { AppError } from "../../src/core/error.ts";
import { Bed, CHAIN_EPOCH as EPOCH, faultOf, HOUR_MS } from "../harness/integrity-bed.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { PlainRows } from "../../src/console/rows/plain-rows.ts";

let stores: TestStores;
beforeAll(async () => void (stores = await testStores()), 60_000);
afterAll(() => stores.dispose());

describe("a chain", () => {
  test("is sealed in blocks, signed each hour, exported and verified; losses are in it", async () => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    await bed.take(recorder, 1, 10, [4, 5]);
    await bed.take(recorder, 11, 20);
    await bed.pass(recorder, 1);
    await bed.take(recorder, 21, 30);
    await bed.pass(recorder, 1);
    await bed.take(recorder, 31, 35);
    await bed.clock.advance(95_000);
    await recorder.seal();
    expect(await bed.links()).toEqual([
      [1, 20, 18],
      [21, 30, 10],
      [31, 35, 5],
    ]);
    const report = await bed.verify();
    expect(report).toMatchObject({ events: 33, missing: 2, keyGiven: true });
    expect(report.chains).toEqual([
      {
        epoch: EPOCH,
        firstSeq: 1,
        lastSeq: 35,
        signedTo: 30,
        events: 33,
        unsignedEvents: 5,
        absent: 0,
        late: 0,
        unproven: 0,
        missing: [{ stage: "spool", cause: "spool_full", count: 2 }],
      },
    ]);
    expect(report.roots).toHaveLength(2);
  });

  test("goes on with the numbers a batch told twice brings anew", async () => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    await bed.take(recorder, 1, 10);
    // The sensor's link broke before the acknowledgement: the same numbers come again, and more.
    recorder.add({ ...bed.commit(11, 14), firstSeq: 5 });
    await bed.store(bed.commit(11, 14));
    recorder.add({ ...bed.commit(1, 14), events: new PlainRows([]) });
    await bed.pass(recorder, 1);
    expect(await bed.links()).toEqual([[1, 14, 14]]);
    expect((await bed.verify()).events).toBe(14);
  });
});

describe("after a kill", () => {
  test("between the events and their link, the next Console seals what the stores hold", async () => {
    const bed = await Bed.make(stores);
    const first = bed.recorder();
    await bed.take(first, 1, 10, [7]);
    await bed.clock.advance(95_000);
    await first.seal();
    await bed.take(first, 11, 20, [15]);
    // Killed here. The cursor says 20: the sensor goes on behind it.
    const second = bed.recorder();
    await bed.take(second, 21, 25);
    await bed.pass(second, 1);
    expect(await bed.links()).toEqual([
      [1, 10, 9],
      [11, 25, 14],
    ]);
    expect(await bed.verify()).toMatchObject({ events: 23, missing: 2 });
  });

  test("before the first link of a sequence, the chain begins at its first event all the same", async () => {
    const bed = await Bed.make(stores);
    await bed.take(bed.recorder(), 1, 10);
    const second = bed.recorder();
    await bed.take(second, 11, 12);
    await bed.pass(second, 1);
    expect(await bed.links()).toEqual([[1, 12, 12]]);
  });

  test("between the events and the ledger, what is told again closes the gap", async () => {
    const bed = await Bed.make(stores);
    const lost = bed.commit(1, 10, [3]);
    await stores.events.insert("runtime_events", lost.events.rows());
    // Killed before the ledger: nothing was acknowledged, the batch comes again, and its events are known to be stored.
    const second = bed.recorder();
    await stores.events.insert("event_losses", lost.losses);
    second.add({ ...lost, events: new PlainRows([]) });
    await bed.pass(second, 1);
    expect(await bed.links()).toEqual([[1, 10, 9]]);
    expect(await bed.verify()).toMatchObject({ events: 9, missing: 1 });
  });

  test("a sequence that nobody goes on with is sealed by whoever signs the hour", async () => {
    const bed = await Bed.make(stores);
    await bed.take(bed.recorder(), 1, 10);
    await stores.db.system(
      (tx) => tx`
        INSERT INTO sensor_cursors (sensor_id, tenant_id, epoch, seq, updated_at)
        VALUES (${bed.sensorId}, ${bed.tenantId}, ${EPOCH}, 10, ${new Date(bed.clock.nowMs())})`,
    );
    const second = bed.recorder();
    await bed.clock.advance(20 * 60_000);
    await bed.roots(second).turn();
    await bed.pass(second, 1);
    expect((await bed.links()).at(-1)![1]).toBe(10);
  });

  test("after the insert of a link that seemed to fail, nothing stands twice", async () => {
    const bed = await Bed.make(stores);
    let failing = true;
    const flaky: EventDb = {
      select: (...of) => stores.events.select(...of),
      selectSystem: (...of) => stores.events.selectSystem(...of),
      ping: () => stores.events.ping(),
      async insert(table, rows) {
        await stores.events.insert(table, rows);
        if (failing) throw new AppError("unavailable", "cut off before the answer");
      },
    } as EventDb;
    const recorder = bed.recorder(flaky);
    await bed.take(recorder, 1, 10);
    await bed.clock.advance(95_000);
    await recorder.seal();
    failing = false;
    await bed.take(recorder, 11, 20);
    await bed.pass(recorder, 1);
    expect(await bed.links()).toEqual([
      [1, 10, 10],
      [11, 20, 10],
    ]);
    expect((await bed.verify()).events).toBe(20);
  });

  test("between the leaves and the root, the next turn signs the hour whole", async () => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    await bed.take(recorder, 1, 10);
    await bed.clock.advance(95_000);
    await recorder.seal();
    await bed.clock.advance(HOUR_MS);
    const dies: EventDb = {
      select: (...of) => stores.events.select(...of),
      selectSystem: (...of) => stores.events.selectSystem(...of),
      ping: () => stores.events.ping(),
      async insert(table, rows) {
        await stores.events.insert(table, rows);
        if (table === "integrity_leaves") throw new AppError("unavailable", "killed");
      },
    } as EventDb;
    await bed
      .roots(recorder, dies)
      .turn()
      .catch(() => {});
    expect(await findRoots(stores.db, bed.tenantId, 0, Date.now())).toEqual([]);
    await bed.roots(recorder).turn();
    expect(await bed.verify()).toMatchObject({ events: 10 });
  });
});

describe("roots", () => {
  test("of two Consoles at the same moment there is one an hour; late hours are caught up, chained", async () => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    // Three hours of events, and no job ran.
    for (let hour = 0; hour < 3; hour++) {
      await bed.take(recorder, hour * 10 + 1, hour * 10 + 10);
      await bed.clock.advance(95_000);
      await recorder.seal();
      await bed.clock.advance(HOUR_MS);
    }
    const jobs = [bed.roots(recorder), bed.roots(bed.recorder()), bed.roots(bed.recorder())];
    await Promise.all(jobs.map((job) => job.turn()));
    await jobs[0]!.turn();
    const roots = await findRoots(stores.db, bed.tenantId, 0, Date.now());
    expect(roots.map(({ root }) => root.events)).toEqual([10, 10, 10]);
    expect(new Set(roots.map(({ root }) => root.hour)).size).toBe(3);
    expect(roots.slice(1).map(({ root }) => root.previous)).toEqual(roots.slice(0, -1).map(({ hash }) => hash));
    const report = await bed.verify();
    expect([report.events, report.roots.length, report.chains[0]!.signedTo]).toEqual([30, 3, 30]);
  });

  test("two Consoles that sealed the same numbers side by side make one chain", async () => {
    const bed = await Bed.make(stores);
    const [a, b] = [bed.recorder(), bed.recorder()];
    await bed.take(a, 1, 10);
    // The sensor moves before the first has sealed.
    await bed.take(b, 11, 20);
    await bed.clock.advance(95_000);
    await b.seal();
    await a.seal();
    await bed.take(b, 21, 30);
    await bed.pass(b, 1);
    const report = await bed.verify();
    expect(report.chains).toHaveLength(1);
    expect(report.events).toBe(30);
  });
});

describe("what was changed in the store is found", () => {
  const change = async (sql: string): Promise<void> => {
    const client = connectClickHouse(stores.clickhouse);
    await client.command({ query: sql, clickhouse_settings: { mutations_sync: "2" } });
    await client.close();
  };
  const sealed = async (): Promise<Bed> => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    await bed.take(recorder, 1, 10);
    await bed.pass(recorder, 1);
    await bed.take(recorder, 11, 20);
    await bed.pass(recorder, 1);
    expect((await bed.verify()).events).toBe(20);
    return bed;
  };

  test("a byte of an event", async () => {
    const bed = await sealed();
    await change(
      `ALTER TABLE runtime_events UPDATE event = replaceOne(event, '/usr/bin/id', '/usr/bin/ls') WHERE sensor_id = '${bed.sensorId}' AND seq = 13`,
    );
    const fault = await faultOf(bed);
    expect(fault.message).toContain("11-20 are not those that were received");
  });

  test("an event that was deleted, and a link with it", async () => {
    const bed = await sealed();
    await change(`ALTER TABLE runtime_events DELETE WHERE sensor_id = '${bed.sensorId}' AND seq = 13`);
    const fault = await faultOf(bed);
    expect([fault.where.seq, fault.message]).toEqual([13, "event 13 is missing: 14 stands in its place"]);
    await change(`ALTER TABLE integrity_links DELETE WHERE sensor_id = '${bed.sensorId}' AND last_seq = 20`);
    expect((await faultOf(bed)).message).toContain("is of another chain");
  });

  test("an event under a number sealed as missing: it may have come late, and is told as not proven", async () => {
    const bed = await Bed.make(stores);
    const recorder = bed.recorder();
    await bed.take(recorder, 1, 10, [5]);
    await bed.pass(recorder, 1);
    const [link] = await findLinks(stores.events, bed.chain, 0, 100);
    const forged = bed
      .commit(5, 5)
      .events.rows()
      .map((row) => ({ ...row, observed_at: link!.first_at + 1 }));
    await stores.events.insert("runtime_events", forged);
    const report = await bed.verify();
    expect(report).toMatchObject({ events: 9, late: 1, missing: 1 });
    expect(report.chains[0]).toMatchObject({ events: 9, absent: 0, late: 1 });
  });

  test("an event beside the genuine one of its number", async () => {
    const bed = await sealed();
    const [link] = await findLinks(stores.events, bed.chain, 0, 100);
    const twin = bed
      .commit(5, 5)
      .events.rows()
      .map((row) => ({ ...row, observed_at: link!.last_at }));
    await stores.events.insert("runtime_events", twin);
    expect((await faultOf(bed)).where.seq).toBe(5);
    // A second delivery of the same is no forgery.
    const other = await sealed();
    const client = connectClickHouse(stores.clickhouse);
    await client.command({
      query: `INSERT INTO runtime_events SELECT * FROM runtime_events WHERE sensor_id = '${other.sensorId}' AND seq = 5`,
    });
    await client.close();
    expect((await other.verify()).events).toBe(20);
  });

  test("a block of events that was deleted whole", async () => {
    const bed = await sealed();
    await change(`ALTER TABLE runtime_events DELETE WHERE sensor_id = '${bed.sensorId}' AND seq BETWEEN 11 AND 20`);
    const report = await bed.verify();
    expect(report.chains[0]).toMatchObject({ events: 10, absent: 10, firstSeq: 1, lastSeq: 20 });
  });

  test("a root that was signed again with another key", async () => {
    const bed = await sealed();
    await stores.db.system(
      (tx) => tx`UPDATE integrity_roots SET events = events + 1 WHERE tenant_id = ${bed.tenantId}`,
    );
    expect((await faultOf(bed)).message).toContain("does not bear a genuine signature");
  });
});
