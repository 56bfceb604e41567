import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { EventHistogram } from "../../src/core/api/events.ts";
import { migratePostgres } from "../../src/console/stores/migrate-postgres.ts";
import { connectPostgres } from "../../src/console/stores/postgres.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { emptyPostgres, testMigrations } from "../harness/databases.ts";
import { DAY_MS, HOUR_MS, ShiftedClock } from "../harness/identity.ts";
import { EPOCH, testEvent, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const MINUTE_MS = 60_000;
let stores: TestStores;
let console: TestConsole;
const clock = new ShiftedClock();

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores, { clock })).setUp();
}, 60_000);

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await stores.dispose();
});

/** A sensor by its clock: what it sends bears its time. */
class Node {
  readonly sensor: TestSensor;
  aheadMs: number;
  #seq = 0;

  private constructor(sensor: TestSensor, aheadMs: number) {
    this.sensor = sensor;
    this.aheadMs = aheadMs;
  }

  static async enrol(name: string, aheadMs = 0): Promise<Node> {
    const node = new Node(await console.enroll(name), aheadMs);
    await node.beat();
    return node;
  }

  nowMs(): number {
    return clock.nowMs() + this.aheadMs;
  }

  async beat(offMs = 0): Promise<void> {
    const response = await this.sensor.send(
      "/sensors/heartbeat",
      testHeartbeat({ sent_at_us: (this.nowMs() + offMs) * 1000 }),
    );
    expect(response.status).toBe(200);
  }

  /** Sends so many events that were made so long ago; answers when that was, by its clock. */
  async send(count: number, agoMs = 0): Promise<number> {
    const atMs = Math.floor(this.nowMs() - agoMs);
    const [from, to] = [this.#seq + 1, (this.#seq += count)];
    const events = Array.from({ length: count }, (_, i) => testEvent(from + i, { observed_at_us: atMs * 1000 + i }));
    const response = await this.sensor.send("/sensors/events", { epoch: EPOCH, first_seq: from, last_seq: to, events });
    expect(response.status).toBe(200);
    expect((await response.json()) as object).toMatchObject({ ack: { seq: to }, rejected: [] });
    return atMs;
  }

  /** Its events about a time of its clock, and how many of them count as late. */
  async late(atMs: number): Promise<[number, number]> {
    return sums(atMs - MINUTE_MS, atMs + MINUTE_MS, `&sensor_id=${this.sensor.sensorId}`);
  }
}

async function sums(fromMs: number, toMs: number, filter = ""): Promise<[number, number]> {
  const range = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
  const { buckets } = await console.json<EventHistogram>("GET", `/api/v1/events/histogram?${range}${filter}`);
  const total = buckets.reduce((sum, b) => sum + b.info + b.warning + b.high + b.critical, 0);
  return [total, buckets.reduce((sum, b) => sum + b.late, 0)];
}

describe("what came late", () => {
  test.each([
    ["right", 0],
    ["a day behind", -DAY_MS],
    ["a day ahead", DAY_MS],
  ])("is told by when it was made, whatever the clock: one that is %s", async (words, aheadMs) => {
    const node = await Node.enrol(`late-${words.replaceAll(" ", "-")}`, aheadMs);
    expect(await node.late(await node.send(4))).toEqual([4, 0]);
    expect(await node.late(await node.send(3, 3 * HOUR_MS))).toEqual([3, 3]);
    expect(await node.late(await node.send(2, DAY_MS - HOUR_MS))).toEqual([2, 2]);
  });

  test("before a sensor's first heartbeat is judged by the clock it has then", async () => {
    const node = await Node.enrol("late-first", 0);
    await stores.db.system(
      (tx) =>
        tx`UPDATE sensors SET last_seen_at = NULL, clock_changes = '[]' WHERE sensor_id = ${node.sensor.sensorId}`,
    );
    node.aheadMs = -DAY_MS;
    const atMs = await node.send(2);
    clock.offsetMs += 10 * MINUTE_MS;
    await node.beat();
    expect(await node.late(atMs)).toEqual([2, 0]);
  });

  test("stays right when the clock is set, for what was before and what comes after", async () => {
    const node = await Node.enrol("late-set", -DAY_MS);
    const before = await node.send(5);
    clock.offsetMs += 30 * MINUTE_MS;
    // Between the setting and the heartbeat that tells of it.
    const unknown = await node.send(2);
    node.aheadMs = 0;
    const set = await node.send(3);
    await node.beat();
    expect(await node.late(before)).toEqual([5, 0]);
    expect(await node.late(unknown)).toEqual([2, 0]);
    expect(await node.late(set)).toEqual([3, 0]);
    clock.offsetMs += 30 * MINUTE_MS;
    expect(await node.late(await node.send(4))).toEqual([4, 0]);
    // A day old by the clock that is right now.
    expect(await node.late(await node.send(6, DAY_MS - 5 * HOUR_MS))).toEqual([6, 6]);
  });

  test("stands so in counts that are kept, too", async () => {
    const [behind, right] = [await Node.enrol("late-kept-behind", -DAY_MS), await Node.enrol("late-kept-right")];
    // Half an hour in which nothing else was made; whole buckets, whatever the time.
    clock.offsetMs += 2 * HOUR_MS;
    const liveMs = await behind.send(5);
    const fromMs = Math.floor(liveMs / (30 * MINUTE_MS)) * 30 * MINUTE_MS;
    const toMs = fromMs + 30 * MINUTE_MS;
    /** By the counts: whole slots, and nothing is asked for but the time. */
    const counted = async (): Promise<[number, number]> => {
      const range = `from=${new Date(fromMs - 12 * HOUR_MS).toISOString()}&to=${new Date(toMs).toISOString()}`;
      const { buckets, step_secs } = await console.json<EventHistogram>("GET", `/api/v1/events/histogram?${range}`);
      expect([300, 600]).toContain(step_secs);
      const own = buckets.filter((b) => Date.parse(b.at) >= fromMs);
      return [own.reduce((sum, b) => sum + b.info, 0), own.reduce((sum, b) => sum + b.late, 0)];
    };
    const kept = async (): Promise<[number, number]> => {
      const [row] = await stores.events.selectSystem<{ n: string; late: string }>(
        `SELECT sum(events) AS n, sum(late) AS late FROM event_counts FINAL
         WHERE slot >= fromUnixTimestamp64Milli({from:Int64}) AND slot < fromUnixTimestamp64Milli({to:Int64})`,
        { from: fromMs, to: toMs },
      );
      return [Number(row!.n), Number(row!.late)];
    };
    expect(await counted()).toEqual([5, 0]);
    expect(await kept()).toEqual([5, 0]);
    // Somebody else was cut off all that time: counted anew, and only his came late.
    const middleMs = fromMs + 15 * MINUTE_MS;
    const sentMs = await right.send(3, clock.nowMs() - middleMs);
    expect(Math.abs(sentMs - middleMs)).toBeLessThan(MINUTE_MS);
    expect(await counted()).toEqual([8, 3]);
    expect(await kept()).toEqual([8, 3]);
  });
});

test("clocks that were off before changes were noted are taken over, of every tenant", async () => {
  const sql = connectPostgres(await emptyPostgres(), { maxConnections: 1 });
  const migrations = await testMigrations("postgres");
  await migratePostgres(sql, migrations.slice(0, 8), silentLog);
  const skews: [string, number | null][] = [
    ["off", -86_400_000],
    ["right", 12],
    ["unknown", null],
  ];
  await sql.begin(async (tx) => {
    await tx`SELECT set_config('telovix.system', 'on', true)`;
    for (const [name, skewMs] of skews) {
      const tenantId = newUuid();
      await tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, ${name})`;
      await tx`
        INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor, clock_skew_ms)
        VALUES (${newUuid()}, ${tenantId}, ${name}, 'generic_linux', 'standard', ${skewMs})`;
    }
  });
  await migratePostgres(sql, migrations, silentLog);
  const noted = await sql.begin(async (tx) => {
    await tx`SELECT set_config('telovix.system', 'on', true)`;
    return tx`SELECT node_name, clock_changes FROM sensors ORDER BY node_name`;
  });
  await sql.end();
  expect(noted.map((row) => [row["node_name"], row["clock_changes"]])).toEqual([
    ["off", [[0, -86_400_000]]],
    ["right", []],
    ["unknown", []],
  ]);
});

describe("what is noted of a clock", () => {
  const noted = async (node: Node): Promise<[number, number][]> => {
    const [row] = await stores.db.system(
      (tx) => tx<{ clock_changes: [number, number][] }[]>`
        SELECT clock_changes FROM sensors WHERE sensor_id = ${node.sensor.sensorId}`,
    );
    return row!.clock_changes;
  };

  test("is nothing while it is right, or wanders by seconds", async () => {
    const node = await Node.enrol("clock-right");
    for (const offMs of [-20_000, 20_000, -5_000]) await node.beat(offMs);
    expect(await noted(node)).toEqual([]);
  });

  test("is that it wandered off, though each heartbeat is close to the one before", async () => {
    const node = await Node.enrol("clock-wanders");
    for (let offMs = 0; offMs >= -100_000; offMs -= 5_000) await node.beat(offMs);
    const changes = await noted(node);
    expect(changes.length).toBeGreaterThanOrEqual(2);
    expect(changes.at(-1)![1]).toBeLessThan(-60_000);
  });

  test("is bounded: of one that jumps all the time the newest are kept", async () => {
    const node = await Node.enrol("clock-jumps");
    for (let i = 1; i <= 25; i++) await node.beat(i % 2 ? -HOUR_MS : 0);
    const changes = await noted(node);
    expect(changes).toHaveLength(20);
    expect(changes.every(([since], i) => i === 0 || since >= changes[i - 1]![0])).toBe(true);
    expect(Math.abs(changes.at(-1)![1] + HOUR_MS)).toBeLessThan(30_000);
  });
});
