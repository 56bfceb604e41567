import { afterAll, describe, expect, test } from "bun:test";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { testStores } from "../../../test/harness/stores.ts";
import { AppError } from "../../core/error.ts";
import { newUuid } from "../../core/ids.ts";
import { Secret, silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { openClickHouse } from "./clickhouse.ts";

const stores = testStores();
afterAll(async () => (await stores).dispose());

function loss(tenantId: string, over: Record<string, unknown> = {}): object {
  const atUs = Date.now() * 1000 + 7;
  const row = { tenant_id: tenantId, sensor_id: newUuid(), node_name: "n1", stage: "kernel", cause: "full", count: 1 };
  return { ...row, from_at: atUs, to_at: atUs, recorded_at: Math.floor(atUs / 1000), ...over };
}

describe("tenancy in ClickHouse", () => {
  test("a query that does not name the tenant is refused", async () => {
    const { events } = await stores;
    expect(await rejectionOf(events.select(newUuid(), "SELECT 1"))).toMatchObject({ code: "internal" });
    expect(await rejectionOf(events.select("x", "SELECT {tenant_id:UUID}"))).toMatchObject({ code: "internal" });
  });

  test("the tenant is ours, whatever the parameters say", async () => {
    const { events } = await stores;
    const [own, other] = [newUuid(), newUuid()];
    const rows = await events.select<{ id: string }>(own, "SELECT {tenant_id:UUID} AS id", { tenant_id: other });
    expect(rows).toEqual([{ id: own }]);
  });
});

/** Counted again from the events, and measurements every heartbeat brings anew: nobody is told that a row of these is kept. */
const NOT_FLUSHED = ["event_counts", "sensor_resources"];

test("an insert returns once its rows and their names are on the medium, in every table an acknowledgement stands on", async () => {
  const { events } = await stores;
  const tables = await events.select<{ name: string; engine_full: string }>(
    newUuid(),
    "SELECT name, engine_full, {tenant_id:UUID} AS t FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name",
  );
  const flushed = tables.filter(({ engine_full: text }) =>
    ["fsync_after_insert = 1", "fsync_part_directory = 1"].every((setting) => text.includes(setting)),
  );
  const names = tables.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["runtime_events", "event_losses", "integrity_links", ...NOT_FLUSHED]));
  expect(flushed.map(({ name }) => name)).toEqual(names.filter((name) => !NOT_FLUSHED.includes(name)));
});

describe("EventDb", () => {
  test("gives back what was inserted: microseconds, big numbers, hostile text", async () => {
    const { events, metrics } = await stores;
    const tenant = newUuid();
    // Two line feeds would end the rows, and what follows would run, if they reached the engine as they are.
    const text = `\n\nDROP TABLE event_losses\n\nit's \\'; DROP TABLE x -- \n\t\u0000 {a:String} €`;
    const atUs = Date.now() * 1000 + 123;
    await events.insert("event_losses", [loss(tenant, { cause: text, from_at: atUs, count: 2 ** 40 })]);
    const sql =
      "SELECT cause, count, toUnixTimestamp64Micro(from_at) AS at FROM event_losses WHERE tenant_id = {tenant_id:UUID} AND cause = {cause:String}";
    expect(await events.select<object>(tenant, sql, { cause: text })).toEqual([
      { cause: text, count: 2 ** 40, at: atUs },
    ]);
    expect(metrics.value("telovix_console_clickhouse_rows_total", { table: "event_losses" })).toBeGreaterThan(0);
  });

  test("binds lists, numbers and nothing at all", async () => {
    const { events } = await stores;
    const sql =
      "SELECT {tenant_id:UUID} AS t, {list:Array(String)} AS list, {n:UInt64} AS n, {none:Nullable(String)} AS none";
    const params = { list: ["a'b", "c\\d", "e\nf"], n: 5, none: null };
    expect(await events.select<object>(newUuid(), sql, params)).toMatchObject([params]);
  });

  test("keeps parameters of simultaneous queries apart", async () => {
    const { events } = await stores;
    const tenants = Array.from({ length: 60 }, () => newUuid());
    const rows = await Promise.all(
      tenants.map((t, i) => events.select<object>(t, "SELECT {tenant_id:UUID} AS t, {i:UInt32} AS i", { i })),
    );
    expect(rows.flat()).toEqual(tenants.map((t, i) => ({ t, i })));
  });

  test("refuses rows that can never fit as invalid, so that nobody tries again", async () => {
    const { events } = await stores;
    expect(await rejectionOf(events.insert("event_losses", [loss(newUuid(), { count: "many" })]))).toMatchObject({
      code: "invalid_request",
    });
  });

  test("ends a query at its time as unavailable", async () => {
    const { events } = await stores;
    const sql = "SELECT {tenant_id:UUID} AS t, sum(sipHash64(number)) AS s FROM numbers(1000000000000)";
    expect(await rejectionOf(events.select(newUuid(), sql, {}, { timeoutMs: 100 }))).toMatchObject({
      code: "unavailable",
    });
  });

  test("stops a query inside the engine when nobody waits for it any more", async () => {
    const { events } = await stores;
    const controller = new AbortController();
    const mark = newUuid();
    const sql =
      "SELECT {tenant_id:UUID} AS t, {mark:String} AS m, sum(sipHash64(number)) AS s FROM numbers(1000000000000)";
    const running =
      "SELECT count() AS n FROM system.processes WHERE query LIKE concat('%', {needle:String}, '%') AND query NOT LIKE '%system.processes%'";
    const count = async (): Promise<number> =>
      (await events.selectSystem<{ n: number }>(running, { needle: "1000000000000" }))[0]!.n;
    const slow = rejectionOf(events.select(newUuid(), sql, { mark }, { signal: controller.signal }));
    while ((await count()) === 0);
    controller.abort();
    expect(await slow).toBeDefined();
    while ((await count()) > 0);
  });

  test("an error after the first rows is an error, not a short answer", async () => {
    const { events } = await stores;
    const sql = "SELECT {tenant_id:UUID} AS t, throwIf(number = 3000000) AS x FROM numbers(4000000)";
    expect(String(await rejectionOf(events.select(newUuid(), sql)))).toContain("throwIf");
  });

  test("says so when nothing answers, and keeps the password to itself", async () => {
    const target = { url: new Secret("http://telovix:secret@127.0.0.1:1/telovix") };
    const error = await rejectionOf(openClickHouse(target, silentLog, new Metrics()));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "unavailable" });
    expect(String(error)).not.toContain("secret");
  });
});
