import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDiskStore } from "../../src/console/disk/store.ts";
import { recordRestore } from "../../src/console/backup/store-records.ts";
import type { IntegrityRecorder } from "../../src/console/integrity/recorder.ts";
import { findKeptFrom } from "../../src/console/integrity/store-kept.ts";
import { createRetentionService } from "../../src/console/retention/service.ts";
import { createRetentionStore } from "../../src/console/retention/store.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { Bed, faultOf, HOUR_MS } from "../harness/integrity-bed.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

const DAY_MS = 24 * HOUR_MS;
let stores: TestStores;
beforeAll(async () => void (stores = await testStores()), 60_000);
afterAll(() => stores.dispose());

/** Monday 00:00 of a week that ended some days ago. */
const monday = (() => {
  const day = Math.floor(Date.now() / DAY_MS) - 10;
  // 1970 began on a Thursday.
  return (day - ((day + 3) % 7)) * DAY_MS;
})();
const nameOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function change(sql: string): Promise<void> {
  const client = connectClickHouse(stores.clickhouse);
  await client.command({ query: sql, clickhouse_settings: { mutations_sync: "2" } });
  await client.close();
}

/** A block of twenty events over a week's edge, ten on either side, signed; eight days later another of ten. */
class Edge {
  readonly bed: Bed;
  readonly recorder: IntegrityRecorder;

  private constructor(bed: Bed) {
    this.bed = bed;
    this.recorder = bed.recorder();
  }

  static async make(): Promise<Edge> {
    const edge = new Edge(await Bed.make(stores, new ManualClock(monday - 20_000)));
    const { bed, recorder } = edge;
    await bed.take(recorder, 1, 10);
    await bed.clock.advance(30_000);
    await bed.take(recorder, 11, 20);
    await bed.pass(recorder, 1);
    await bed.clock.advance(8 * DAY_MS);
    await bed.take(recorder, 21, 30);
    await bed.pass(recorder, 1);
    expect(await bed.links()).toEqual([
      [1, 20, 20],
      [21, 30, 10],
    ]);
    return edge;
  }

  async keep(events: number): Promise<void> {
    const { db, events: rows } = stores;
    const store = createRetentionStore({ db, events: rows, admin: undefined });
    const service = createRetentionService({ store, disk: () => undefined, clock: this.bed.clock, log: silentLog });
    const actor = { tenantId: this.bed.tenantId, email: "ada@example.net", clientIp: "::1", userAgent: undefined };
    await service.set(actor, { events, resources: 30, losses: 90 });
  }

  /** What went of the older week goes as the engine lets whole weeks go. */
  dropWeek(): Promise<void> {
    return change(`ALTER TABLE runtime_events DROP PARTITION '${nameOf(monday - 7 * DAY_MS)}'`);
  }

  async take(where: string): Promise<void> {
    await change(`ALTER TABLE runtime_events DELETE WHERE sensor_id = '${this.bed.sensorId}' AND ${where}`);
  }

  verify = () => this.bed.verify(12 * 24);
  fault = () => faultOf(this.bed, 12 * 24);
}

const PARTLY = { events: 10, absent: 10, unproven: 10, firstSeq: 1, lastSeq: 30, signedTo: 30 };

describe("a block at the edge of what is kept", () => {
  test("that lost a week with the partition is partly gone; the rest is proven", async () => {
    const edge = await Edge.make();
    expect((await edge.verify()).chains).toMatchObject([{ events: 30, absent: 0, unproven: 0 }]);
    await edge.keep(7);
    await edge.dropWeek();
    const report = await edge.verify();
    expect(report.chains).toMatchObject([PARTLY]);
    expect(Date.parse(report.keptFrom)).toBe(edge.bed.clock.nowMs() - 7 * DAY_MS + 6 * HOUR_MS);
  });

  test("that lost rows one by one, because organisations keep them for different times, is so too", async () => {
    const edge = await Edge.make();
    await edge.keep(7);
    await edge.take("(seq <= 9 OR seq IN (12, 20))");
    expect((await edge.verify()).chains).toMatchObject([{ ...PARTLY, absent: 11, unproven: 9 }]);
  });

  test("that retention took before it was lengthened again is so for ever", async () => {
    const edge = await Edge.make();
    await edge.keep(7);
    await edge.dropWeek();
    await edge.keep(90);
    await edge.bed.clock.advance(DAY_MS);
    expect((await edge.verify()).chains).toMatchObject([PARTLY]);
  });

  test("that lost a week to a full disk is so too", async () => {
    const edge = await Edge.make();
    const { db, events } = stores;
    const week = {
      id: nameOf(monday - 7 * DAY_MS).replaceAll("-", ""),
      from: nameOf(monday - 7 * DAY_MS),
      rows: 1,
      bytes: 1,
    };
    await createDiskStore({ db, events, admin: events }).drop(week, edge.bed.clock.nowMs());
    const report = await edge.verify();
    expect(report.chains).toMatchObject([PARTLY]);
    expect(Date.parse(report.keptFrom)).toBe(monday);
  });

  test("that a backup was restored without is so too, whoever's log it stands in", async () => {
    const edge = await Edge.make();
    const { bed } = edge;
    await edge.dropWeek();
    const restored = (detail: object): Promise<void> =>
      stores.db.system((tx) => recordRestore(tx as never, detail, new Date(bed.clock.nowMs())));
    const keptFrom = (): Promise<number> => findKeptFrom(stores.db, bed.tenantId, bed.clock.nowMs());
    const byDefault = bed.clock.nowMs() - 90 * DAY_MS + 6 * HOUR_MS;
    await restored({ events_since: "", backup_of: nameOf(monday + DAY_MS) });
    expect(await keptFrom()).toBe(byDefault);
    await restored({ events_since: new Date(monday).toISOString() });
    expect(await keptFrom()).toBe(monday);
    expect((await edge.verify()).chains).toMatchObject([PARTLY]);
    await restored({ events_since: null, backup_of: nameOf(monday + DAY_MS) });
    expect(await keptFrom()).toBe(monday + DAY_MS);
    // Of a clock that was ahead.
    await restored({ events_since: "2101-01-01" });
    expect(await keptFrom()).toBe(bed.clock.nowMs());
    await stores.db.system((tx) => tx`DELETE FROM audit_records WHERE action_type = 'backup_restored'`);
  });
});

describe("what is deleted from among what is kept is told of", () => {
  test("beside a block at the edge, and in one that retention has not come to", async () => {
    const edge = await Edge.make();
    await edge.keep(7);
    await edge.dropWeek();
    expect((await edge.verify()).chains).toMatchObject([PARTLY]);
    await edge.take("seq = 25");
    expect((await edge.fault()).where.seq).toBe(25);
    // Without a change of retention nothing is old enough to be gone.
    const other = await Edge.make();
    await other.take("seq = 5");
    expect((await other.fault()).message).toBe("event 5 is missing: 6 stands in its place");
    await other.take("seq < 11");
    expect((await other.fault()).message).toBe("event 1 is missing: 11 stands in its place");
  });

  test("whole blocks too, between others, and at the end once a day has passed", async () => {
    const edge = await Edge.make();
    const { bed, recorder } = edge;
    await bed.take(recorder, 31, 40);
    await bed.pass(recorder, 1);
    await edge.take("seq BETWEEN 21 AND 30");
    const fault = await edge.fault();
    expect([fault.where.seq, fault.message]).toEqual([
      21,
      expect.stringContaining("is gone from among events that are kept: only those from before") as string,
    ]);
    await edge.take("seq > 20");
    expect((await edge.verify()).chains).toMatchObject([{ events: 20, absent: 20 }]);
    await bed.clock.advance(2 * DAY_MS);
    expect((await edge.fault()).where.seq).toBe(21);
  });

  test("also when the block was made to look old", async () => {
    const edge = await Edge.make();
    await edge.keep(7);
    await edge.take("seq = 25");
    await change(
      `ALTER TABLE integrity_links UPDATE first_at = toDateTime64('2026-01-01 00:00:00', 6, 'UTC') WHERE sensor_id = '${edge.bed.sensorId}'`,
    );
    const fault = await edge.fault();
    expect([fault.where.seq, fault.message]).toEqual([
      25,
      expect.stringContaining("is gone from among events that are kept") as string,
    ]);
  });
});
