import { afterAll, beforeAll, expect, test } from "bun:test";
import type { EventDetail, EventSearchResult } from "../../src/core/api/events.ts";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import type { EventsResponse } from "../../src/core/wire/events.ts";
import { EPOCH, testEvent } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

/** What a node sends that starts in 1970, is given the time, and goes on. */
const sentAfterStart = (): { epoch: string; first_seq: number; last_seq: number; events: RuntimeEvent[] } => ({
  epoch: EPOCH,
  first_seq: 1,
  last_seq: 3,
  events: [
    testEvent(1, { observed_at_us: 12_000_000 }),
    testEvent(2, { observed_at_us: 12_500_000, tags: ["T1059"] }),
    testEvent(3),
  ],
});

/** What the operators' API says of such a node's events. */
async function assertKept(sensorId: string, fromMs: number): Promise<void> {
  const from = new Date(fromMs - 60_000).toISOString();
  const found = await console.json<EventSearchResult>("GET", `/api/v1/events?sensor_id=${sensorId}&from=${from}`);
  expect(new Set(found.events.map((event) => event.event_id.split(".").at(-1)))).toEqual(new Set(["1", "2", "3"]));
  expect(found.events).toHaveLength(3);
  const detail = await console.json<EventDetail>("GET", `/api/v1/events/${sensorId}.${EPOCH}.2`);
  expect(detail.event).toMatchObject({
    tags: ["T1059", "clock-unset"],
    detail: { node_clock: "1970-01-01T00:00:12.500Z" },
  });
  expect(Date.parse(detail.observed_at)).toBeGreaterThanOrEqual(fromMs);
  expect(Date.parse(detail.observed_at)).toBe(Date.parse(detail.ingested_at));
  const last = await console.json<EventDetail>("GET", `/api/v1/events/${sensorId}.${EPOCH}.3`);
  expect(last.event.tags ?? []).not.toContain("clock-unset");
}

test("events of a clock that nobody has set are kept with the time of receipt, and say so, once however often they come", async () => {
  const sensor = await console.enroll("no-battery-1");
  const fromMs = Date.now();
  for (let time = 0; time < 2; time++) {
    const answer = (await (await sensor.send("/sensors/events", sentAfterStart())).json()) as EventsResponse;
    expect([answer.ack.seq, answer.rejected]).toEqual([3, []]);
  }
  await assertKept(sensor.sensorId, fromMs);
});

test("the same by the stream", async () => {
  const sensor = await console.enroll("no-battery-2");
  const fromMs = Date.now();
  const stream = await sensor.stream();
  await stream.hello();
  stream.send({ type: "events", batch: sentAfterStart() });
  expect(await stream.next("ack")).toMatchObject({ ack: { seq: 3 } });
  await assertKept(sensor.sensorId, fromMs);
  stream.socket.close();
});
