import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { DAY_MS, eventually, HOUR_MS, RealSensor, ShiftedClock } from "../harness/identity.ts";
import { EPOCH, testEvent, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh({}, { heartbeatIntervalMs: 100 })), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const detail = (id: string): Promise<SensorDetail> => console.json("GET", `/api/v1/sensors/${id}`);
const token = (): Promise<CreatedToken> => console.json("POST", "/api/v1/enrollment/tokens", {});

describe.each([
  ["a day ahead", DAY_MS],
  ["a day behind", -DAY_MS],
])("a node whose clock is %s", (words, offsetMs) => {
  test("enrols, reports, renews when it should, and its page says what is wrong", async () => {
    await using sensor = await RealSensor.create(new ShiftedClock(offsetMs));
    const { sensor_id: id, certificate_serial: before } = await sensor.enroll(await token());
    sensor.run();
    const shown = await eventually("a heartbeat", async () => {
      const found = await detail(id);
      return found.last_seen_at === null ? undefined : found;
    });
    expect(Math.abs(shown.clock_skew_ms! - offsetMs)).toBeLessThan(60_000);
    const skew = shown.health_reasons.find((r) => r.code === "clock_skew")!;
    expect(skew.state).toBe("degraded");
    expect(skew.message).toContain(words.includes("ahead") ? "ahead of" : "behind");
    expect(shown.trust_health).toBe("healthy");
    // Its own clock says 72 hours or 24: the Console's counts, and by that nothing is due.
    const first = shown.last_seen_at;
    await eventually("another heartbeat", async () => (await detail(id)).last_seen_at !== first);
    expect((await sensor.saved()).certificate_serial).toBe(before);
    expect((await sensor.saved()).trust_state).toBe("trusted");
  });

  test("delivers its events", async () => {
    const sensor = await console.enroll(words.replaceAll(" ", "-"));
    const at = (Date.now() + offsetMs) * 1000;
    const events = [1, 2, 3].map((seq) => testEvent(seq, { observed_at_us: at + seq }));
    const response = await sensor.send("/sensors/events", { epoch: EPOCH, first_seq: 1, last_seq: 3, events });
    expect((await response.json()) as object).toMatchObject({ ack: { seq: 3 }, rejected: [] });
  });
});

test("an event more than two days ahead is refused and counted, and its neighbours are kept", async () => {
  const sensor = await console.enroll("far-ahead");
  const far = (Date.now() + 2 * DAY_MS + HOUR_MS) * 1000;
  const events = [testEvent(1), testEvent(2, { observed_at_us: far }), testEvent(3)];
  const response = await sensor.send("/sensors/events", { epoch: EPOCH, first_seq: 1, last_seq: 3, events });
  const answer = (await response.json()) as { rejected: { seq: number; reason: string }[] };
  expect(answer).toMatchObject({ ack: { seq: 3 }, rejected: [{ seq: 2 }] });
  expect(answer.rejected[0]!.reason).toContain("two days ahead");
  await eventually("the count on its page", async () => (await detail(sensor.sensorId)).events_rejected === 1);
});

test("trouble that a sensor with a wrong clock had is counted from when it was", async () => {
  const sensor = await console.enroll("skewed-error");
  const sent = Date.now() + DAY_MS;
  const trust = {
    certificate_serial: "ab",
    certificate_expires_at: "2027-01-01T00:00:00Z",
    last_error: "said no",
    last_error_at: new Date(sent - 2 * HOUR_MS).toISOString(),
  };
  await sensor.send("/sensors/heartbeat", testHeartbeat({ sent_at_us: sent * 1000, trust }));
  const shown = await detail(sensor.sensorId);
  expect(shown.trust_health).toBe("degraded");
  expect(shown.trust_error).toMatchObject({ message: "said no" });
});

test("a renewal that is due is found by the Console's clock, whatever the node's says", async () => {
  const clock = new ShiftedClock();
  const other = await TestConsole.fresh({ clock }, { heartbeatIntervalMs: 100 });
  try {
    await using sensor = await RealSensor.create();
    const made = await other.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    const { certificate_serial: before } = await sensor.enroll(made);
    clock.offsetMs = 649 * HOUR_MS;
    // A day behind: by its own clock there is time.
    sensor.clock.offsetMs = clock.offsetMs - DAY_MS;
    sensor.run();
    await eventually("another certificate", async () => (await sensor.saved()).certificate_serial !== before);
  } finally {
    await other[Symbol.asyncDispose]();
  }
}, 30_000);
