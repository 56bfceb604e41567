import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { testHeartbeat } from "../../../test/harness/sensor-messages.ts";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { systemClock } from "../../core/clock.ts";
import { newUuid } from "../../core/ids.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { Ingest } from "../ingest/service.ts";
import { InventoryService } from "../inventory/service.ts";
import type { Db } from "../stores/contract.ts";
import { HeartbeatService } from "./heartbeat.ts";
import { Samples } from "./samples.ts";

setDefaultTimeout(60_000);

let stores: TestStores;
const tenantId = newUuid();
const other = newUuid();
const ids = Array.from({ length: 40 }, () => newUuid());

beforeAll(async () => {
  stores = await testStores();
  await stores.db.system(async (tx) => {
    await tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'x'), (${other}, 'y')`;
    await tx`INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
      SELECT id, ${tenantId}, 'n', 'generic_linux', 'standard' FROM unnest(${ids}::uuid[]) AS id`;
  });
});
afterAll(() => stores?.dispose());

interface Seen {
  sensor_version: string;
  events_per_sec: number;
  trust_state: string;
  clock_skew_ms: number;
  lost: boolean;
}

const look = async (id: string): Promise<Seen> => {
  const [row] = await stores.db.system(
    (tx) => tx<
      Seen[]
    >`SELECT sensor_version, events_per_sec, trust_state, clock_skew_ms, last_loss_at IS NOT NULL AS lost
      FROM sensors WHERE sensor_id = ${id}`,
  );
  return row!;
};

function service(db: Db = stores.db) {
  const metrics = new Metrics();
  const clock = systemClock;
  const inventory = new InventoryService({ db: stores.db, clock, metrics });
  const samples = new Samples({ events: stores.events, clock, log: silentLog, metrics });
  const ingest = { countMalformed: () => {} } as unknown as Ingest;
  const hub = { offer: () => {}, sensorChanged: () => {} };
  const deps = { db, ingest, inventory, samples, hub, clock, metrics, heartbeatIntervalMs: 15_000 };
  const heartbeats = new HeartbeatService(deps);
  const take = (sensorId: string, more: object = {}, tenant = tenantId) =>
    heartbeats.take({ sensorId, tenantId: tenant, nodeName: "n", serial: "s" }, testHeartbeat(more));
  const sections = (outcome: string): number => metrics.value("telovix_console_inventory_sections_total", { outcome });
  return { take, metrics, sections };
}

describe("heartbeats of many sensors", () => {
  test("share transactions, and each says on its record what it said alone", async () => {
    const { take, metrics } = service();
    let transactions = 0;
    const counted: Db = { ...stores.db, system: (run) => (transactions++, stores.db.system(run)) } as Db;
    const together = service(counted);
    await Promise.all(ids.map((id, i) => together.take(id, { sensor_version: `1.0.${i}` })));
    expect(transactions).toBeLessThan(5);
    for (const [i, id] of ids.entries())
      expect(await look(id)).toMatchObject({ sensor_version: `1.0.${i}`, trust_state: "trusted", lost: false });
    await take(ids[0]!, { sensor_version: "2.0.0" });
    expect((await look(ids[0]!)).sensor_version).toBe("2.0.0");
    expect(metrics.value("telovix_console_heartbeats_failed_total")).toBe(0);
  });

  test("two of one sensor at once build on each other", async () => {
    const { take } = service();
    const { pipeline } = testHeartbeat();
    const id = ids[1]!;
    await take(id, { pipeline: { ...pipeline, events_spooled: 100 } });
    await Promise.all([
      take(id, { pipeline: { ...pipeline, events_spooled: 200, kernel_lost: 0 } }),
      take(id, { pipeline: { ...pipeline, events_spooled: 350, kernel_lost: 3 } }),
    ]);
    const seen = await look(id);
    expect(seen.lost).toBe(true);
    // From 200 to 350 within the second that counts as the least: not from 100, which an older one said.
    expect(seen.events_per_sec).toBe(150);
  });

  test("a batch that PostgreSQL refuses is searched for the culprit by halves", async () => {
    const poisoned = ids[11]!;
    let transactions = 0;
    const failing = {
      ...stores.db,
      system: (run: Parameters<Db["system"]>[0]) => {
        transactions++;
        return stores.db.system(async (tx) => {
          const result = await run(tx);
          const [row] = await tx`SELECT 1 FROM sensors WHERE sensor_id = ${poisoned} AND sensor_version = 'poison'`;
          if (row) throw new Error("refused");
          return result;
        });
      },
    } as Db;
    const { take, metrics } = service(failing);
    const outcomes = await Promise.allSettled(
      ids.map((id) => take(id, { sensor_version: id === poisoned ? "poison" : "good" })),
    );
    expect(outcomes.filter((o) => o.status === "rejected").length).toBe(1);
    expect((await look(poisoned)).sensor_version).not.toBe("poison");
    expect((await look(ids[12]!)).sensor_version).toBe("good");
    expect(metrics.value("telovix_console_heartbeats_failed_total")).toBe(1);
    expect(transactions).toBeLessThan(20);
  });

  test("another tenant's sensor is unknown, and nothing of it is touched", async () => {
    const { take } = service();
    const before = await look(ids[2]!);
    const refused: unknown = await take(ids[2]!, { sensor_version: "stolen" }, other).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: "invalid_sensor_trust" });
    expect(await look(ids[2]!)).toEqual(before);
  });

  test("a section that did not change is not written, whatever its order and age", async () => {
    const { take, sections } = service();
    const id = ids[3]!;
    const connection = (port: number, secs: number) => ({
      local_addr: "10.0.0.1",
      local_port: port,
      remote_addr: "10.0.0.2",
      remote_port: 443,
      state: "established",
      duration_secs: secs,
    });
    const written = async (): Promise<string> => {
      const [row] = await stores.db.system(
        (tx) => tx<{ version: string }[]>`SELECT xmin::text AS version FROM sensor_inventories
          WHERE sensor_id = ${id} AND section = 'connections'`,
      );
      return row!.version;
    };
    await take(id, { connections: [connection(1, 5), connection(2, 5)] });
    const first = await written();
    await take(id, { connections: [connection(2, 20), connection(1, 20)] });
    expect(await written()).toBe(first);
    expect([sections("stored"), sections("unchanged")]).toEqual([1, 1]);
    await take(id, { connections: [connection(2, 35), connection(3, 1)] });
    expect(await written()).not.toBe(first);
    expect([sections("stored"), sections("unchanged")]).toEqual([2, 1]);
  });
});
