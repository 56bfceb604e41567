import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LossRow } from "../../src/console/ingest/store.ts";
import { SecondLook } from "../../src/console/losses/second-look.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { EPOCH, testEvent } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

const report = (sensorId: string): Promise<LossReport> =>
  console.json<LossReport>("GET", `/api/v1/loss?sensor=${sensorId}`);

/** What an insert of another process does that was under way when the sensor came here. */
function insertLate(sensorId: string, nodeName: string, from: number, to: number): Promise<void> {
  const origin = { tenantId: console.me.tenant_id, sensorId, nodeName, epoch: EPOCH };
  const rows = Array.from({ length: to - from + 1 }, (_, i) =>
    toRuntimeEventRow({ ...origin, event: testEvent(from + i), ingestedAtMs: Date.now() }),
  );
  return console.stores.events.insert("runtime_events", rows);
}

test("numbers a sensor gave up that were stored all the same leave the ledger", async () => {
  const sensor = await console.enroll("late-1");
  const batch = {
    epoch: EPOCH,
    first_seq: 1,
    last_seq: 50,
    missing: [{ from_seq: 1, to_seq: 40, cause: "spool_full" }],
    events: Array.from({ length: 10 }, (_, i) => testEvent(41 + i)),
  };
  expect((await sensor.send("/sensors/events", batch)).status).toBe(200);
  expect((await report(sensor.sensorId)).totals.count).toBe(40);
  await insertLate(sensor.sensorId, "late-1", 1, 5);
  await insertLate(sensor.sensorId, "late-1", 21, 30);
  const { totals } = await until(async () => {
    const found = await report(sensor.sensorId);
    return found.totals.count < 40 ? found : undefined;
  });
  expect([totals.count, totals.causes.length]).toEqual([25, 1]);
  expect(console.metrics.value("telovix_console_losses_found_total")).toBe(15);
});

const HOUR_MS = 3_600_000;
const row = (more: Partial<LossRow>): LossRow => ({
  tenant_id: console.me.tenant_id,
  sensor_id: newUuid(),
  node_name: "n",
  stage: "spool",
  cause: "spool_full",
  count: 0,
  unknown: 0,
  source: "range",
  epoch: EPOCH,
  from_seq: 1,
  to_seq: 1,
  from_at: Date.now() * 1000,
  to_at: Date.now() * 1000,
  recorded_at: Date.now(),
  ...more,
});

function look(clock: ManualClock, corrected: LossRow[] = []): SecondLook {
  const onCorrected = (of: LossRow): void => void corrected.push(of);
  return new SecondLook({ events: console.stores.events, clock, log: silentLog, metrics: new Metrics(), onCorrected });
}

test("what a Console wrote and did not live to look at is looked at by the next; so is what it sees only later", async () => {
  const clock = new ManualClock(Date.now());
  const lost = row({ from_seq: 10, to_seq: 19, count: 10 });
  await console.stores.events.insert("event_losses", [lost]);
  const corrected: LossRow[] = [];
  const second = look(clock, corrected);
  await second.turn();
  await insertLate(lost.sensor_id, "n", 12, 13);
  await clock.advance(3_000);
  await second.turn();
  expect((await report(lost.sensor_id)).totals.count).toBe(8);
  // A queue before the store gives its rows when it can: parts of what is left, and one of them whole.
  await insertLate(lost.sensor_id, "n", 10, 11);
  await insertLate(lost.sensor_id, "n", 16, 16);
  await clock.advance(HOUR_MS);
  await second.turn();
  const { ranges, totals } = await report(lost.sensor_id);
  expect([totals.count, ranges.length]).toEqual([5, 1]);
  expect(corrected.map(({ from_seq }) => from_seq)).toEqual([10, 10, 14]);
});

test("a loss that a Console tells of which has just been started begins with the last event before it", async () => {
  const clock = new ManualClock(Date.now());
  const atUs = Date.now() * 1000;
  const lost = row({ from_seq: 11, to_seq: 12, count: 2, from_at: atUs, to_at: atUs });
  const other = { sensor_id: lost.sensor_id, epoch: "00000000000000ff", cause: "spool_corrupt" };
  const fresh = row({ ...other, count: 1, from_at: atUs, to_at: atUs });
  await console.stores.events.insert("event_losses", [lost, fresh]);
  await insertLate(lost.sensor_id, "n", 9, 10);
  const second = look(clock);
  second.add([lost, fresh]);
  await clock.advance(3_000);
  await second.turn();
  const { ranges, totals } = await report(lost.sensor_id);
  expect([totals.count, ranges.length]).toEqual([3, 2]);
  // Made events are a second old.
  for (const range of ranges) expect(Date.parse(range.to) - Date.parse(range.from)).toBeGreaterThan(500);
});

test("a loss behind which nothing had come yet lasts until it was told of, and then until the event behind it", async () => {
  const sensor = await console.enroll("open-1");
  const batch = {
    epoch: EPOCH,
    first_seq: 1,
    last_seq: 9,
    missing: [{ from_seq: 6, to_seq: 9, cause: "spool_full" }],
    events: Array.from({ length: 5 }, (_, i) => testEvent(1 + i)),
  };
  const sentMs = Date.now();
  expect((await sensor.send("/sensors/events", batch)).status).toBe(200);
  const spanOf = async (): Promise<[number, number]> => {
    const [range] = (await report(sensor.sensorId)).ranges;
    return [Date.parse(range!.from), Date.parse(range!.to)];
  };
  const [fromMs, toMs] = await spanOf();
  expect(toMs).toBeGreaterThanOrEqual(sentMs);
  expect(fromMs).toBeLessThan(sentMs);
  const next = testEvent(10, { observed_at_us: (fromMs + 200) * 1000 });
  await sensor.send("/sensors/events", { epoch: EPOCH, first_seq: 10, last_seq: 10, events: [next] });
  const [, ended] = await until(async () => {
    const span = await spanOf();
    return span[1] < toMs ? span : undefined;
  });
  expect(ended).toBe(fromMs + 200);
});

test("numbers that stand in the ledger twice stand there once, as they were told first", async () => {
  const clock = new ManualClock(Date.now());
  const first = row({ from_seq: 5, to_seq: 14, count: 10, cause: "spool_corrupt", recorded_at: Date.now() - 500 });
  const again = row({ sensor_id: first.sensor_id, from_seq: 1, to_seq: 20, count: 20 });
  await console.stores.events.insert("event_losses", [first, again]);
  const second = look(clock);
  second.add([first, again]);
  await clock.advance(3_000);
  await second.turn();
  const causes = (await report(first.sensor_id)).totals.causes.map(({ cause, count }) => [cause, count]);
  expect(causes).toHaveLength(2);
  for (const cause of ["spool_corrupt", "spool_full"]) expect(causes).toContainEqual([cause, 10]);
});
