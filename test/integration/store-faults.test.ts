import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { Db } from "../../src/console/stores/contract.ts";
import { assertWritable, TABLES } from "../../src/console/stores/faults.ts";
import { migrateClickHouse } from "../../src/console/stores/migrate-clickhouse.ts";
import { createUserStore } from "../../src/console/users/store.ts";
import type { StreamWelcome } from "../../src/core/wire/stream.ts";
import { silentLog } from "../../src/core/log.ts";
import { asAdmin, testMigrations } from "../harness/databases.ts";
import { hastyClock } from "../harness/hasty-clock.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

interface Store {
  readonly name: string;
  readonly ok: boolean;
  readonly problem?: string;
  readonly action?: string;
}

let stores: TestStores;
let console: TestConsole;
let sensor: TestSensor;

const named = async (name: string): Promise<Store> => {
  const { stores: list } = (await (await console.api("GET", "/readyz")).json()) as { stores: Store[] };
  return list.find((s) => s.name === name)!;
};
/** The store as /readyz has it once it has turned bad, or good again. */
const turned = (name: string, ok: boolean): Promise<Store> =>
  until(async () => {
    const store = await named(name);
    return store.ok === ok ? store : undefined;
  });

const stored = async (): Promise<number> => {
  const [row] = await stores.events.select<{ n: number }>(
    console.me.tenant_id,
    "SELECT count() AS n FROM runtime_events FINAL WHERE tenant_id = {tenant_id:UUID}",
  );
  return Number(row!.n);
};
const healthOf = async (): Promise<string> =>
  (await console.json<{ health_state: string }>("GET", `/api/v1/sensors/${sensor.sensorId}`)).health_state;
/** What a part of the Console has logged. */
const logged = (subsystem: string): Record<string, unknown>[] =>
  console.logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line["subsystem"] === subsystem);

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores, { clock: hastyClock })).setUp();
  sensor = await console.enroll("db-1");
  expect((await sensor.send("/sensors/events", testBatch(1, 5))).status).toBe(200);
}, 60_000);

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await stores.dispose();
});

describe("a store that answers and is not well", () => {
  test("a PostgreSQL that is read-only is named with what to do; sensors keep what they have until it is not", async () => {
    await asAdmin((admin) => admin`ALTER SYSTEM SET default_transaction_read_only = on`);
    await asAdmin((admin) => admin`SELECT pg_reload_conf()`);
    try {
      const store = await turned("postgresql", false);
      expect(store.problem).toBe("PostgreSQL is read-only (default_transaction_read_only is on)");
      expect(store.action).toContain("RESET default_transaction_read_only");
      expect((await console.api("GET", "/readyz")).status).toBe(503);
      expect((await named("clickhouse")).ok).toBe(true);
      // Whoever is signed in reads on, though it cannot be noted that the session is used.
      const [signedIn] = await stores.db.system(
        (tx) => tx<{ hash: string }[]>`SELECT session_hash AS hash FROM sessions`,
      );
      const session = await createUserStore(stores).findSession(signedIn!.hash, new Date(), new Date(0), new Date());
      expect(session?.sessionHash).toBe(signedIn!.hash);
      // A heartbeat is answered, and goes on the record when it can.
      expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
      // Nothing is our mistake here: it is said that it cannot be done now, and when to come again.
      const inventory = { is_full_snapshot: false, observed_at_us: Date.now() * 1000, processes: [] };
      const response = await sensor.send("/sensors/inventory", inventory);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: { code: "unavailable" } });
      // Events need ClickHouse only: what a stream says hello with is answered, and what is acknowledged is stored.
      const stream = await sensor.stream();
      stream.send({
        type: "hello",
        protocol_version: 3,
        sensor_version: "0.0.0-test",
        epoch: EPOCH,
        next_seq: 11,
        lanes: [
          { lane: "alert", epoch: "00000000000000bb", next_seq: 1, acked_seq: 0 },
          { lane: "bulk", epoch: EPOCH, next_seq: 11, acked_seq: 5 },
        ],
        instance: { start_id: "00000000000000cc", machine_hash: "ab".repeat(32), boot_id: "boot" },
      });
      const { lanes } = (await stream.next("welcome")) as StreamWelcome;
      expect(lanes?.map((lane) => lane.acked_seq)).toEqual([0, 5]);
      expect(await stored()).toBe(5);
      stream.send({ type: "events", batch: testBatch(6, 10) });
      expect(await stream.next("ack")).toMatchObject({ ack: { epoch: EPOCH, seq: 10 } });
      expect(await stored()).toBe(10);
      expect(await healthOf()).toBe("healthy");
      stream.socket.close();
      const told = await until(async () => {
        await Promise.resolve();
        return logged("readiness").find((line) => line["problem"] === store.problem);
      });
      expect(told).toMatchObject({ level: "error", name: "postgresql", action: store.action });
      // Jobs are looked for in a rhythm of their own.
      await until(async () => {
        await Promise.resolve();
        return String(logged("jobs").at(-1)?.["problem"]).includes("read-only");
      });
    } finally {
      await asAdmin((admin) =>
        admin`ALTER SYSTEM RESET default_transaction_read_only`.then(() => admin`SELECT pg_reload_conf()`),
      );
    }
    await turned("postgresql", true);
    await until(async () => (await sensor.send("/sensors/heartbeat", testHeartbeat())).ok);
    await until(async () => (await sensor.send("/sensors/events", testBatch(6, 10))).ok);
    expect(await stored()).toBe(10);
  }, 60_000);

  test("a standby is named as one", async () => {
    const row = { standby: true, by_default: "off", now: "on" };
    const standby = { system: (run: (tx: unknown) => unknown) => Promise.resolve(run(() => Promise.resolve([row]))) };
    const error = await rejectionOf(assertWritable(standby as unknown as Db));
    expect(error).toMatchObject({
      message: expect.stringContaining("standby"),
      hint: expect.stringContaining("primary"),
    });
  });

  test("every table of ClickHouse is looked for", async () => {
    const schema = await Bun.file(join(import.meta.dir, "../../sql/clickhouse/schema.sql")).text();
    const made = [...schema.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, name]) => name!);
    expect(TABLES.toSorted()).toEqual([...made, "schema_migrations"].toSorted());
  });

  test("a ClickHouse that lost a table is named with what to do; its events stay with the sensors", async () => {
    const client = connectClickHouse(stores.clickhouse);
    await client.command({ query: "RENAME TABLE runtime_events TO lost" });
    const store = await turned("clickhouse", false);
    expect(store.problem).toBe("ClickHouse has lost the table runtime_events");
    expect(store.action).toContain("TRUNCATE TABLE schema_migrations");
    const refused = await sensor.send("/sensors/events", testBatch(11, 20));
    expect(refused.status).toBe(503);
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    expect(await healthOf()).not.toBe("offline");
    await client.command({ query: "RENAME TABLE lost TO runtime_events" });
    await client.close();
    await turned("clickhouse", true);
    await until(async () => (await sensor.send("/sensors/events", testBatch(11, 20))).ok);
    expect(await stored()).toBe(20);
  }, 30_000);

  test("a lost table is made anew, empty, by what /readyz says to do; the others keep their rows", async () => {
    const client = connectClickHouse(stores.clickhouse);
    const rows = async (table: string): Promise<number> =>
      Number((await stores.events.selectSystem<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]!.n);
    const kept = await rows("runtime_events");
    await client.command({ query: "DROP TABLE sensor_resources SYNC" });
    expect((await turned("clickhouse", false)).problem).toContain("sensor_resources");
    await client.command({ query: "TRUNCATE TABLE schema_migrations" });
    await migrateClickHouse(client, await testMigrations("clickhouse"), silentLog);
    await client.close();
    await turned("clickhouse", true);
    expect(await rows("sensor_resources")).toBe(0);
    expect(await rows("runtime_events")).toBe(kept);
  }, 30_000);
});
