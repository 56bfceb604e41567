import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { Db } from "../../src/console/stores/contract.ts";
import { assertWritable } from "../../src/console/stores/faults.ts";
import { migrateClickHouse } from "../../src/console/stores/migrate-clickhouse.ts";
import { silentLog } from "../../src/core/log.ts";
import { asAdmin, testMigrations } from "../harness/databases.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole, until, type TestSensor } from "../harness/sensor-plane.ts";
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

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores)).setUp();
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
      // Nothing is our mistake here: it is said that it cannot be done now, and never answered with 500.
      for (const path of ["/sensors/heartbeat", "/sensors/inventory"] as const) {
        const response = await sensor.send(path, path === "/sensors/heartbeat" ? testHeartbeat() : { sections: [] });
        expect([200, 400, 503]).toContain(response.status);
      }
      const stream = await sensor.stream();
      expect((await stream.hello()).ack.seq).toBe(5);
      stream.socket.close();
    } finally {
      await asAdmin((admin) =>
        admin`ALTER SYSTEM RESET default_transaction_read_only`.then(() => admin`SELECT pg_reload_conf()`),
      );
    }
    await turned("postgresql", true);
    await until(async () => (await sensor.send("/sensors/events", testBatch(6, 10))).ok);
  }, 30_000);

  test("a standby is named as one", async () => {
    const row = { standby: true, by_default: "off", now: "on" };
    const standby = { system: (run: (tx: unknown) => unknown) => Promise.resolve(run(() => Promise.resolve([row]))) };
    const error = await rejectionOf(assertWritable(standby as unknown as Db));
    expect(error).toMatchObject({
      message: expect.stringContaining("standby"),
      hint: expect.stringContaining("primary"),
    });
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
    await client.command({ query: "RENAME TABLE lost TO runtime_events" });
    await client.close();
    await turned("clickhouse", true);
    await until(async () => (await sensor.send("/sensors/events", testBatch(11, 20))).ok);
    const [row] = await stores.events.select<{ n: number }>(
      console.me.tenant_id,
      "SELECT count() AS n FROM runtime_events FINAL WHERE tenant_id = {tenant_id:UUID}",
    );
    expect(Number(row!.n)).toBe(20);
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
