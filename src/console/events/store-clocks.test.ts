import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { newUuid } from "../../core/ids.ts";
import { createLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { createClockChanges } from "./store-clocks.ts";
import { createEventStore } from "./store.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const TENANT = newUuid();
const OTHER = newUuid();
const PASSED_OVER = "telovix_console_clock_changes_passed_over_total";
let stores: TestStores;

/** Adds a sensor with these changes of its clock: since when, and how much ahead. */
async function addSensor(tenantId: string, changes: readonly (readonly [number, number])[]): Promise<string> {
  const sensorId = newUuid();
  await stores.db.system(
    (tx) => tx`
      INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor, clock_changes)
      VALUES (${sensorId}, ${tenantId}, ${sensorId}, 'generic_linux', 'standard', ${tx.json(changes as never)})`,
  );
  return sensorId;
}

function clocksOf(max?: number) {
  const metrics = new Metrics();
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const clocks = createClockChanges({ db: stores.db, metrics, log, ...(max === undefined ? {} : { max }) });
  return { clocks, lines, passedOver: () => metrics.value(PASSED_OVER) };
}

let old: string;
let moved: string;
let lately: string;
beforeAll(async () => {
  stores = await testStores();
  for (const tenantId of [TENANT, OTHER])
    await stores.db.system((tx) => tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, ${tenantId})`);
  old = await addSensor(TENANT, [[0, -86_400_000]]);
  moved = await addSensor(TENANT, [
    [1_000, 50_000],
    [2_000, 90_000],
    [3_000, 0],
  ]);
  lately = await addSensor(TENANT, [[4_000, 40_000]]);
  await addSensor(TENANT, []);
  await addSensor(OTHER, [[5_000, 60_000]]);
});
afterAll(() => stores?.dispose());

test("all changes are told in order of time, of the tenant alone, and none is passed over", async () => {
  const { clocks, lines, passedOver } = clocksOf();
  expect(await clocks(TENANT)).toEqual([
    { sensorId: old, sinceMs: 0, aheadMs: -86_400_000 },
    { sensorId: moved, sinceMs: 1_000, aheadMs: 50_000 },
    { sensorId: moved, sinceMs: 2_000, aheadMs: 90_000 },
    { sensorId: moved, sinceMs: 3_000, aheadMs: 0 },
    { sensorId: lately, sinceMs: 4_000, aheadMs: 40_000 },
  ]);
  expect(await clocks(newUuid())).toEqual([]);
  expect([lines, passedOver()]).toEqual([[], 0]);
});

test("of named sensors their own are told, though all together are too many", async () => {
  const { clocks, passedOver } = clocksOf(3);
  expect(await clocks(TENANT, [old])).toEqual([{ sensorId: old, sinceMs: 0, aheadMs: -86_400_000 }]);
  expect((await clocks(TENANT, [moved])).map(({ sinceMs }) => sinceMs)).toEqual([1_000, 2_000, 3_000]);
  expect(passedOver()).toBe(0);
});

test("of too many each sensor's last goes before what it had earlier; what is passed over is counted, and logged once", async () => {
  const { clocks, lines, passedOver } = clocksOf(4);
  expect((await clocks(TENANT)).map(({ sinceMs }) => sinceMs)).toEqual([0, 2_000, 3_000, 4_000]);
  expect(passedOver()).toBe(1);
  await clocks(TENANT);
  expect(passedOver()).toBe(2);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("too many clocks are wrong");
});

test("of too many sensors those that have been off for longest are passed over", async () => {
  const { clocks, passedOver } = clocksOf(2);
  expect((await clocks(TENANT)).map(({ sensorId }) => sensorId)).toEqual([moved, lately]);
  expect(passedOver()).toBe(3);
});

test("a histogram of named sensors asks for their clocks alone", async () => {
  const asked: unknown[] = [];
  const clocks = (...of: unknown[]) => (asked.push(of), Promise.resolve([]));
  const store = createEventStore({ events: stores.events, clocks });
  const range = { fromUs: 0, toUs: 1e6 };
  await store.buckets(TENANT, [{ op: "in", column: "sensor_id", values: [old] }], range, 1e6);
  await store.buckets(TENANT, [{ op: "in", column: "severity", values: ["high"] }], range, 1e6);
  expect(asked).toEqual([
    [TENANT, [old]],
    [TENANT, undefined],
  ]);
});
