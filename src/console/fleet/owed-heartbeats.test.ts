import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { testBatch, testHeartbeat } from "../../../test/harness/sensor-messages.ts";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { newUuid } from "../../core/ids.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { Ingest } from "../ingest/service.ts";
import { InventoryService } from "../inventory/service.ts";
import type { Db } from "../stores/contract.ts";
import { HeartbeatService } from "./heartbeat.ts";
import { FleetService } from "./service.ts";
import { OwedHeartbeats, type PendingHeartbeat } from "./owed-heartbeats.ts";
import { Samples } from "./samples.ts";
import type { Before } from "./store-heartbeat.ts";

setDefaultTimeout(60_000);

let stores: TestStores;
const tenantId = newUuid();
let ids: string[];

beforeAll(async () => {
  stores = await testStores();
  await stores.db.system((tx) => tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'x')`);
});
beforeEach(async () => {
  ids = Array.from({ length: 4 }, () => newUuid());
  await stores.db.system(
    (tx) => tx`INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
      SELECT id, ${tenantId}, 'n', 'generic_linux', 'standard' FROM unnest(${ids}::uuid[]) AS id`,
  );
});
afterAll(() => stores?.dispose());

const NOW = Date.UTC(2026, 5, 1);
const { pipeline } = testHeartbeat();

/** A process of a Console whose PostgreSQL may take nothing. */
function process(clock: ManualClock) {
  let refusal: Error | undefined;
  let isFull = false;
  let poison: string | undefined;
  const db: Db = {
    ...stores.db,
    system: (run: Parameters<Db["system"]>[0]) => {
      if (refusal) return Promise.reject(refusal);
      return stores.db.system(async (tx) => {
        const result = await run(tx);
        const [own] = await tx<{ writes: boolean }[]>`SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS writes`;
        if (isFull && own!.writes) throw new AppError("unavailable", "the disk of the state database refuses writes");
        const [row] = await tx`SELECT 1 FROM sensors WHERE sensor_id = ${poison ?? null} AND sensor_version = 'poison'`;
        if (row) throw new Error("refused");
        return result;
      });
    },
  } as Db;
  const metrics = new Metrics();
  const inventory = new InventoryService({ db: stores.db, clock, metrics });
  const samples = new Samples({ events: stores.events, clock, log: silentLog, metrics });
  const away = new AppError("unavailable", "the event store does not answer");
  const ingest = { countMalformed: () => {}, accept: () => Promise.reject(away) } as unknown as Ingest;
  const hub = { offer: () => {}, sensorChanged: () => {} };
  const service = new HeartbeatService({
    db,
    ingest,
    inventory,
    samples,
    hub,
    clock,
    metrics,
    heartbeatIntervalMs: 15_000,
  });
  return {
    service,
    metrics,
    refuse: (code?: "unavailable" | "internal") =>
      void (refusal = code && new AppError(code, "the state database does not answer")),
    fill: (full: boolean) => void (isFull = full),
    poison: (id: string) => void (poison = id),
    take: (sensorId: string, more: object = {}, tenant = tenantId) =>
      service.take(
        { sensorId, tenantId: tenant, nodeName: "n", serial: "s" },
        testHeartbeat({ sent_at_us: clock.nowMs() * 1000, ...more }),
      ),
  };
}

const look = async (id: string) => {
  const [row] = await stores.db.system(
    (tx) => tx<{ sensor_version: string | null; last_seen_at: Date | null; lost: boolean; system: unknown }[]>`
      SELECT sensor_version, last_seen_at, last_loss_at IS NOT NULL AS lost, system FROM sensors WHERE sensor_id = ${id}`,
  );
  return { version: row!.sensor_version, seenMs: row!.last_seen_at?.getTime(), lost: row!.lost };
};

/** Until what was put in the queue behind an answer is written. */
async function written(id: string, version: string): Promise<void> {
  while ((await look(id)).version !== version) await new Promise((resolve) => setImmediate(resolve));
}

describe("while PostgreSQL takes nothing", () => {
  test("a sensor that is known is answered, and goes on the record with the next one that does", async () => {
    const clock = new ManualClock(NOW);
    const { take, refuse, service, metrics } = process(clock);
    const [a, b] = ids as [string, string];
    const first = await take(a, { sensor_version: "1", pipeline: { ...pipeline, kernel_lost: 0 } });
    await take(b, { sensor_version: "1" });
    refuse("unavailable");
    await clock.advance(15_000);
    const answer = await take(a, { sensor_version: "2", pipeline: { ...pipeline, kernel_lost: 7 } });
    expect({ ...answer, server_time_us: 0 }).toEqual({ ...first, server_time_us: 0 });
    await clock.advance(15_000);
    await take(a, { sensor_version: "3", pipeline: { ...pipeline, kernel_lost: 7 } });
    expect(service.heardMs(a)).toBe(NOW + 30_000);
    expect(service.heardMs(b)).toBeUndefined();
    expect(await look(a)).toEqual({ version: "1", seenMs: NOW, lost: false });
    expect(metrics.value("telovix_console_heartbeats_owed_total")).toBe(2);
    expect(metrics.render()).toContain("telovix_console_heartbeats_owed 1");
    refuse();
    await clock.advance(5_000);
    await take(b, { sensor_version: "2" });
    await written(a, "3");
    // When it was heard, and what it lost since what is on the record, though the heartbeat that told of it is not.
    expect(await look(a)).toEqual({ version: "3", seenMs: NOW + 30_000, lost: true });
    expect(service.heardMs(a)).toBeUndefined();
    expect(metrics.render()).toContain("telovix_console_heartbeats_owed 0");
  });

  test("and can be read, a sensor of which nothing was heard before is answered, too", async () => {
    const clock = new ManualClock(NOW);
    const { take, fill, service } = process(clock);
    const [a, b] = ids as [string, string];
    fill(true);
    const answer = await take(a, { sensor_version: "1" });
    expect(answer).toMatchObject({ rejected: [], want_full: true });
    expect(await rejectionOf(take(a, {}, newUuid()))).toMatchObject({ code: "unavailable" });
    expect(await rejectionOf(take(newUuid()))).toMatchObject({ code: "invalid_sensor_trust" });
    expect(service.heardMs(a)).toBe(NOW);
    fill(false);
    await take(b);
    await written(a, "1");
    expect(await look(a)).toMatchObject({ seenMs: NOW });
  });

  test("people are shown when it was heard, not when that was last written down", async () => {
    const clock = new ManualClock(NOW);
    const { take, refuse, service } = process(clock);
    const [a, b] = ids as [string, string];
    for (const id of [a, b]) await take(id);
    refuse("unavailable");
    await clock.advance(600_000);
    await take(a);
    const fleet = new FleetService({
      db: stores.db,
      clock,
      staleMs: 90_000,
      isConnected: () => false,
      heardMs: (id: string) => service.heardMs(id),
    } as unknown as ConstructorParameters<typeof FleetService>[0]);
    const { sensors } = await fleet.list(tenantId, { page_size: 500 });
    const shown = new Map(sensors.map((s) => [s.sensor_id, s]));
    const codes = (id: string): string[] => shown.get(id)!.health_reasons.map((r) => r.code);
    expect(shown.get(a)!.last_seen_at).toBe(new Date(NOW + 600_000).toISOString());
    expect(codes(a)).not.toContain("heartbeat_missing");
    expect(shown.get(b)!.last_seen_at).toBe(new Date(NOW).toISOString());
    expect(codes(b)).toContain("heartbeat_missing");
  });

  test("one that is not known, or another organisation's, is not answered; nor is anybody for another fault", async () => {
    const { take, refuse } = process(new ManualClock(NOW));
    const [a, b] = ids as [string, string];
    await take(a);
    refuse("unavailable");
    expect(await rejectionOf(take(b))).toMatchObject({ code: "unavailable" });
    expect(await rejectionOf(take(a, {}, newUuid()))).toMatchObject({ code: "unavailable" });
    refuse("internal");
    expect(await rejectionOf(take(a))).toMatchObject({ code: "internal" });
  });

  test("what is owed never goes over what is newer: of this process or of another", async () => {
    const clock = new ManualClock(NOW);
    const [one, other] = [process(clock), process(clock)];
    const [a, b, c] = ids as [string, string, string];
    for (const id of [a, b, c]) await one.take(id, { sensor_version: "1" });
    one.refuse("unavailable");
    await clock.advance(15_000);
    for (const id of [a, b]) await one.take(id, { sensor_version: "old" });
    await clock.advance(15_000);
    await other.take(b, { sensor_version: "new" });
    one.refuse();
    await one.take(a, { sensor_version: "new" });
    await one.take(c, { sensor_version: "2" });
    while (one.service.heardMs(b) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    for (const id of [a, b]) expect(await look(id)).toMatchObject({ version: "new", seenMs: NOW + 30_000 });
  });

  test("many are written a batch at a time, until none is owed", async () => {
    const many = Array.from({ length: 2_500 }, () => newUuid());
    await stores.db.system(
      (tx) => tx`INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
        SELECT id, ${tenantId}, 'n', 'generic_linux', 'standard' FROM unnest(${many}::uuid[]) AS id`,
    );
    const clock = new ManualClock(NOW);
    const { take, refuse, service } = process(clock);
    /** What waits between two batches is the clock's. */
    const all = async (takes: readonly Promise<unknown>[]): Promise<void> => {
      let open = true;
      const done = Promise.all(takes).finally(() => (open = false));
      while (open) {
        await clock.advance(200);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await done;
    };
    await all(many.map((id) => take(id, { sensor_version: "1" })));
    refuse("unavailable");
    await all(many.map((id) => take(id, { sensor_version: "2" })));
    refuse();
    await all([take(ids[0]!)]);
    while (many.some((id) => service.heardMs(id) !== undefined)) await all([]);
    const rows = await stores.db.system(
      (tx) => tx`SELECT FROM sensors WHERE sensor_id = ANY(${many}::uuid[]) AND sensor_version = '2'`,
    );
    expect(rows).toHaveLength(many.length);
  });

  test("neither the lists nor the events of a heartbeat that is owed are kept", async () => {
    const { take, refuse, service } = process(new ManualClock(NOW));
    for (const id of ids) await take(id);
    refuse("unavailable");
    /** What it sends is in nobody's hands here once this is left. */
    const send = async (id: string): Promise<WeakRef<object>[]> => {
      const lists = { connections: [], listening: [], flows: [], batch: testBatch(1, 2) };
      await take(id, lists);
      return Object.values(lists).map((list) => new WeakRef(list));
    };
    const refs: WeakRef<object>[] = [];
    for (const id of ids) refs.push(...(await send(id)));
    await new Promise((resolve) => setImmediate(resolve));
    Bun.gc(true);
    expect(ids.every((id) => service.heardMs(id) === NOW)).toBe(true);
    const kept = refs.filter((ref) => ref.deref() !== undefined);
    // The collector takes what it finds on the stack for a reference, whatever it is: of one heartbeat, it may.
    expect(kept.length).toBeLessThanOrEqual(refs.length / ids.length);
  });

  test("one that PostgreSQL refuses for itself is dropped, and keeps nobody else off the record", async () => {
    const clock = new ManualClock(NOW);
    const { take, refuse, poison, service } = process(clock);
    const [a, b, c] = ids as [string, string, string];
    for (const id of [a, b, c]) await take(id, { sensor_version: "1" });
    refuse("unavailable");
    await clock.advance(15_000);
    await take(a, { sensor_version: "poison" });
    await take(b, { sensor_version: "2" });
    refuse();
    poison(a);
    await take(c, { sensor_version: "2" });
    await written(b, "2");
    while (service.heardMs(a) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    expect((await look(a)).version).toBe("1");
  });
});

test("what is owed is bounded, and keeps no sections", () => {
  const owed = new OwedHeartbeats();
  const sections = [{ section: "connections", hash: "h" }] as unknown as PendingHeartbeat["sections"];
  const pending = (n: number): PendingHeartbeat => ({
    tenantId,
    sensorId: String(n),
    atMs: n,
    hasSystem: true,
    update: () => {
      throw new Error("not now");
    },
    sections,
    observedAt: new Date(0),
  });
  const before = { tenant_id: tenantId, has_system: false, not_after: null, hashes: new Map() } as unknown as Before;
  for (let n = 1; n <= 60_000; n++) owed.recorded(pending(n), { ...before, sensor_id: String(n) });
  // The oldest are forgotten.
  expect(owed.owe(pending(10_000))).toBeUndefined();
  const known = owed.owe(pending(10_001));
  expect(known).toMatchObject({ has_system: true, owed: true });
  expect(known?.hashes.get("connections")).toBe("h");
  for (let n = 10_002; n <= 60_000; n++) owed.owe(pending(n));
  expect(owed.size).toBe(20_000);
  expect(owed.list().every((p) => p.sections.length === 0)).toBe(true);
  // One of those that are kept is replaced by what is newer, not by what is older.
  owed.owe({ ...pending(10_001), atMs: 1 });
  expect(owed.heardMs("10001")).toBe(10_001);
});
