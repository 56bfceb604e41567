import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { LossRow } from "../../src/console/ingest/store.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { migrateClickHouse } from "../../src/console/stores/migrate-clickhouse.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { dropClickHouse, emptyClickHouse, testMigrations } from "../harness/databases.ts";
import { causesOf } from "../harness/loss-report.ts";
import { EPOCH, testEvent } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

const report = (query: string): Promise<LossReport> => console.json<LossReport>("GET", `/api/v1/loss?${query}`);

/** A batch of numbers 1 to 10: two lost in the queue, one rejected, one without a word, and an event that tells of 40 lost before. */
function lossyBatch() {
  const nowUs = Date.now() * 1000;
  const events: unknown[] = [1, 2, 3, 6, 8, 10].map((seq) => testEvent(seq));
  events[2] = { ...testEvent(3), severity: "loud" };
  events[1] = testEvent(2, {
    kind: "engine_loss",
    loss: { cause: "ring_main", count: 40, from_us: nowUs - 5_000_000, to_us: nowUs - 4_000_000 },
  });
  return {
    epoch: EPOCH,
    first_seq: 1,
    last_seq: 10,
    missing: [
      { from_seq: 4, to_seq: 5, cause: "spool_full" },
      { from_seq: 7, to_seq: 7, cause: "spool_corrupt" },
    ],
    events,
  };
}
const LOST: [string, string, number][] = [
  ["kernel", "ring_main", 40],
  ["rejected", "schema", 1],
  ["spool", "spool_corrupt", 1],
  ["spool", "spool_full", 2],
  ["wire", "unexplained", 1],
];

describe("the loss ledger", () => {
  test("holds every loss with its stage, cause and time, and answers by sensor, stage and cause", async () => {
    const sensor = await console.enroll("lossy-1");
    expect((await sensor.send("/sensors/events", lossyBatch())).status).toBe(200);
    const all = await report(`sensor=${sensor.sensorId}`);
    expect(causesOf(all)).toEqual(LOST);
    expect(all.totals).toMatchObject({ count: 45, unknown: 0, sensors: 1 });
    expect(all.totals.top_sensors).toEqual([
      { sensor_id: sensor.sensorId, node_name: "lossy-1", count: 45, unknown: 0 },
    ]);
    expect(all.series.reduce((sum, { stages }) => sum + Object.values(stages).reduce((n, c) => n + c, 0), 0)).toBe(45);
    expect(all.ranges).toHaveLength(5);
    const kernel = all.ranges.find((range) => range.stage === "kernel")!;
    expect(Date.parse(kernel.to) - Date.parse(kernel.from)).toBe(1_000);
    expect(all.last_loss_at).not.toBeNull();
    expect((await report(`sensor=${sensor.sensorId}&stage=spool`)).totals.count).toBe(3);
    expect((await report(`sensor=${sensor.sensorId}&cause=ring_main,schema`)).totals.count).toBe(41);
    expect((await report(`sensor=${newUuid()}`)).totals.count).toBe(0);
    expect(console.metrics.value("telovix_console_losses_total", { stage: "kernel", cause: "ring_main" })).toBe(40);
  });

  test("says so when nobody knows how much went", async () => {
    const sensor = await console.enroll("lossy-4");
    const atUs = Date.now() * 1000 - 5_000_000;
    const loss = { cause: "engine_away", count: 0, from_us: atUs, to_us: atUs + 2_000_000 };
    const event = testEvent(1, { kind: "engine_loss", loss });
    await sensor.send("/sensors/events", { epoch: EPOCH, first_seq: 1, last_seq: 1, events: [event] });
    const { totals, ranges } = await report(`sensor=${sensor.sensorId}`);
    expect(totals).toMatchObject({ count: 0, unknown: 1, causes: [{ stage: "engine", cause: "engine_away" }] });
    expect(ranges).toMatchObject([{ count: 0, unknown: true }]);
  });

  test("makes the sensor's health say so, with the way there", async () => {
    const sensor = await console.enroll("lossy-2");
    await sensor.send("/sensors/events", lossyBatch());
    const reason = await until(async () => {
      const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`);
      return detail.health_reasons.find((r) => r.code === "event_loss");
    });
    expect(reason.state).toBe("watch");
    expect(reason.href).toBe(`/losses?sensor=${sensor.sensorId}`);
  });

  test("pages through its ranges without a hole or a double", async () => {
    const sensor = await console.enroll("lossy-3");
    await sensor.send("/sensors/events", lossyBatch());
    const whole = await report(`sensor=${sensor.sensorId}`);
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await report(`sensor=${sensor.sensorId}&limit=2&cursor=${cursor}`);
      seen.push(...page.ranges.map((range) => `${range.from} ${range.cause}`));
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen).toEqual(whole.ranges.map((range) => `${range.from} ${range.cause}`));
  });

  test.each([
    ["sensor=x", "/sensor"],
    ["bucket=61", "/bucket"],
    ["bucket=60&since=90d", "/bucket"],
    ["cursor=AAAA", "/cursor"],
    ["since=1h&since=2h", "/since"],
    ["nope=1", "/nope"],
    ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "/from"],
  ])("refuses %s with a pointer", async (query, pointer) => {
    const response = await console.api("GET", `/api/v1/loss?${query}`);
    const { error } = (await response.json()) as { error: { pointer: string } };
    expect([response.status, error.pointer]).toEqual([400, pointer]);
  });
});

describe("exactly once", () => {
  const lifeOf = async (sensor: TestSensor, between: () => Promise<void>, again: object): Promise<LossReport> => {
    await sensor.send("/sensors/events", lossyBatch());
    await between();
    const second = await TestConsole.start(console.stores, {}, console.dir);
    try {
      expect((await sensor.at(second).send("/sensors/events", again)).status).toBe(200);
      return await report(`sensor=${sensor.sensorId}`);
    } finally {
      await second.stop();
    }
  };

  test("a batch told again after a restart that lost the cursor counts nothing twice", async () => {
    const sensor = await console.enroll("twice-1");
    const forget = (): Promise<void> =>
      console.stores.db.system(
        async (tx) => void (await tx`DELETE FROM sensor_cursors WHERE sensor_id = ${sensor.sensorId}`),
      );
    expect(causesOf(await lifeOf(sensor, forget, lossyBatch()))).toEqual(LOST);
  });

  test("nor in a batch cut otherwise, when more was lost meanwhile", async () => {
    const sensor = await console.enroll("twice-2");
    const forget = (): Promise<void> =>
      console.stores.db.system(
        async (tx) => void (await tx`DELETE FROM sensor_cursors WHERE sensor_id = ${sensor.sensorId}`),
      );
    // Everything up to 12 went from the queue before it could be told again: only 11 and 12 were not had.
    const again = {
      epoch: EPOCH,
      first_seq: 1,
      last_seq: 13,
      missing: [{ from_seq: 1, to_seq: 12, cause: "spool_full" }],
      events: [testEvent(13)],
    };
    const expected = LOST.map(([stage, cause, count]) => [stage, cause, cause === "spool_full" ? count + 2 : count]);
    expect(causesOf(await lifeOf(sensor, forget, again))).toEqual(expected as never);
  });

  test("a row inserted twice is one", async () => {
    const tenantId = console.me.tenant_id;
    const row: LossRow = {
      tenant_id: tenantId,
      sensor_id: newUuid(),
      node_name: "n",
      stage: "spool",
      cause: "spool_full",
      count: 5,
      unknown: 0,
      source: "range",
      epoch: EPOCH,
      from_seq: 1,
      to_seq: 5,
      from_at: Date.now() * 1000,
      to_at: Date.now() * 1000,
      recorded_at: Date.now(),
    };
    await console.stores.events.insert("event_losses", [row]);
    await console.stores.events.insert("event_losses", [row]);
    expect((await report(`sensor=${row.sensor_id}`)).totals.count).toBe(5);
  });
});

test("the ledger as it was before has the same rows and counts after the migration", async () => {
  const target = await emptyClickHouse();
  const client = connectClickHouse(target);
  const migrations = await testMigrations("clickhouse");
  await migrateClickHouse(client, migrations.slice(0, 3), silentLog);
  const row = {
    tenant_id: newUuid(),
    sensor_id: newUuid(),
    node_name: "n",
    stage: "kernel",
    cause: "ring_main",
    count: 3,
    from_at: Date.now() * 1000,
    to_at: Date.now() * 1000,
    recorded_at: Date.now(),
  };
  // Two losses that are alike in everything are two.
  await client.insert({ table: "event_losses", values: [row, row, { ...row, count: 4 }], format: "JSONEachRow" });
  const total = async (): Promise<unknown> => {
    const query = "SELECT count() AS n, sum(count) AS lost FROM event_losses FINAL";
    return (await (await client.query({ query, format: "JSONEachRow" })).json())[0];
  };
  await migrateClickHouse(client, migrations, silentLog);
  expect(await total()).toEqual({ n: 3, lost: 10 });
  // Cut off before the record: the file runs again.
  await client.command({
    query: "ALTER TABLE schema_migrations DELETE WHERE version >= 4",
    clickhouse_settings: { mutations_sync: "2" },
  });
  await migrateClickHouse(client, migrations, silentLog);
  expect(await total()).toEqual({ n: 3, lost: 10 });
  await client.close();
  await dropClickHouse(target);
});
