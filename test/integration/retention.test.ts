import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { createRetentionService } from "../../src/console/retention/service.ts";
import { createRetentionStore } from "../../src/console/retention/store.ts";
import { expiryKey, wantedExpiries } from "../../src/console/retention/expiry.ts";
import { RETENTION_DEFAULTS, type RetentionSettings } from "../../src/core/api/settings.ts";
import { systemClock } from "../../src/core/clock.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { generateEvents } from "../harness/events.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";

const DAY_US = 86_400_000_000;
const PATH = "/api/v1/settings/retention";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

async function insert(tenantId: string, count: number, fromDays: number, toDays: number): Promise<void> {
  const nowUs = Date.now() * 1000;
  const hosts = [{ sensorId: newUuid(), nodeName: "a" }];
  const spread = { fromUs: nowUs - fromDays * DAY_US, toUs: nowUs - toDays * DAY_US };
  const events = generateEvents({ seed: count, tenantId, hosts, count, ...spread });
  await console.stores.events.insert("runtime_events", [...events].map(toRuntimeEventRow));
}

const rows = async (tenantId: string): Promise<number> =>
  Number(
    (
      await console.stores.events.select<{ n: number }>(
        tenantId,
        "SELECT count() AS n FROM runtime_events WHERE tenant_id = {tenant_id:UUID}",
      )
    )[0]!.n,
  );

/** Has the engine let go of what has ended, as it does by itself within hours. */
async function expire(): Promise<void> {
  const client = connectClickHouse(console.stores.clickhouse);
  await client.command({ query: "OPTIMIZE TABLE runtime_events FINAL" });
  await client.close();
}

async function ttlOf(table: string): Promise<string> {
  const [row] = await console.stores.events.selectSystem<{ full: string }>(
    "SELECT engine_full AS full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
    { table },
  );
  return row!.full;
}

describe("retention", () => {
  test("is 90, 30 and 90 days until somebody says otherwise, and says what that means", async () => {
    const settings = await console.json<RetentionSettings>("GET", PATH);
    expect(settings.days).toEqual(RETENTION_DEFAULTS);
    // Partitions of a week, and a day until the engine looks.
    expect(settings.kept.events).toEqual({ at_least_days: 90, gone_after_days: 98 });
    expect(settings.kept.resources).toEqual({ at_least_days: 30, gone_after_days: 31 });
    expect(settings.last_backup_at).toBeNull();
    expect(settings.disk!.total_bytes).toBeGreaterThan(settings.disk!.free_bytes);
  });

  test("refuses days out of bounds, and to forget what is missing before what is there", async () => {
    for (const [body, pointer] of [
      [{ events: 0, resources: 30, losses: 90 }, "/events"],
      [{ events: 90, resources: 366, losses: 90 }, "/resources"],
      [{ events: 90, resources: 30, losses: 30 }, "/losses"],
      [{ events: 90, resources: 30 }, "/"],
      [{ events: 90, resources: 30, losses: 90, more: 1 }, "/more"],
    ] as const) {
      const response = await console.api("PUT", PATH, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { pointer } });
    }
    expect((await console.json<RetentionSettings>("GET", PATH)).days).toEqual(RETENTION_DEFAULTS);
  });

  test("lowered, the tables follow, what is older goes, and the audit log tells who did it", async () => {
    const { tenant_id: tenantId } = console.me;
    await insert(tenantId, 500, 60, 41);
    await insert(tenantId, 300, 5, 0);
    const before = await console.json<RetentionSettings>("GET", PATH);
    expect(before.tables.find((t) => t.name === "runtime_events")).toMatchObject({ rows: 800 });
    expect(before.bytes_per_day).toBeGreaterThan(0);

    const after = await console.json<RetentionSettings>("PUT", PATH, { events: 30, resources: 7, losses: 60 });
    expect(after.days).toEqual({ events: 30, resources: 7, losses: 60 });
    expect(await ttlOf("runtime_events")).toContain("TTL toDateTime(observed_at) + toIntervalDay(30)");
    expect(await ttlOf("runtime_events")).toContain("ttl_only_drop_parts = 1");
    expect(await ttlOf("sensor_resources")).toContain("toIntervalDay(7)");
    expect(await ttlOf("event_losses")).toContain("toIntervalDay(60)");
    await until(async () => {
      await expire();
      return (await rows(tenantId)) === 300;
    });
    const { records } = await console.json<{
      records: { action_type: string; actor_email: string; detail: unknown }[];
    }>("GET", "/api/v1/audit");
    expect(records[0]).toMatchObject({
      action_type: "retention_changed",
      actor_email: console.me.email,
      detail: { from: RETENTION_DEFAULTS, to: { events: 30, resources: 7, losses: 60 } },
    });
  }, 60_000);

  test("of two organisations each gets its own days", async () => {
    const other = newUuid();
    const mine = console.me.tenant_id;
    await console.stores.db.system(async (tx) => {
      await tx`INSERT INTO tenants (tenant_id, name) VALUES (${other}, 'Other')`;
    });
    const store = createRetentionStore({
      db: console.stores.db,
      events: console.stores.events,
      admin: console.stores.events,
    });
    const service = createRetentionService({ store, disk: () => undefined, clock: systemClock, log: silentLog });
    await service.apply();
    const full = await ttlOf("runtime_events");
    expect(full).toContain("multiIf");
    expect(full).toContain("ttl_only_drop_parts = 0");
    // The engine writes it in its own words; they mean the same.
    const ttl = /\sTTL (.+?) SETTINGS/s.exec(full)![1]!;
    const kept = [
      { tenantId: mine, days: { events: 30, resources: 7, losses: 60 } },
      { tenantId: other, days: RETENTION_DEFAULTS },
    ];
    expect(expiryKey(ttl)).toBe(wantedExpiries(kept).find((w) => w.table === "runtime_events")!.key);
    expect((await service.get(mine)).kept.events).toEqual({ at_least_days: 30, gone_after_days: 31 });

    const [mineBefore] = [await rows(mine)];
    await insert(mine, 200, 60, 41);
    await insert(other, 100, 60, 41);
    await until(async () => {
      await expire();
      return (await rows(mine)) === mineBefore;
    });
    expect(await rows(other)).toBe(100);
    // Nothing to do the second time.
    const [{ n: changes }] = (await console.stores.events.selectSystem<{ n: number }>(
      "SELECT count() AS n FROM system.mutations WHERE database = currentDatabase()",
    )) as [{ n: number }];
    await service.apply();
    const [{ n: again }] = (await console.stores.events.selectSystem<{ n: number }>(
      "SELECT count() AS n FROM system.mutations WHERE database = currentDatabase()",
    )) as [{ n: number }];
    expect(again).toBe(changes);
  }, 60_000);
});
