import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorList } from "../../src/core/api/sensors.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";

describe("a heartbeat on the stream", () => {
  let console: TestConsole;

  beforeAll(async () => void (console = await TestConsole.fresh()));
  afterAll(() => console[Symbol.asyncDispose]());

  test("counts as one that is posted, and is answered with its number", async () => {
    const sensor = await console.enroll("beat-1");
    const stream = await sensor.stream();
    expect(await stream.hello()).toMatchObject({ heartbeats: true });
    stream.send({ type: "heartbeat", id: 3, heartbeat: testHeartbeat() });
    expect(await stream.next("heard")).toMatchObject({ id: 3, answer: { trust_health: "healthy", want_full: true } });
    const { sensors } = await console.json<SensorList>("GET", "/api/v1/sensors?q=beat-1");
    expect(sensors[0]?.last_seen_at).toBeString();
    stream.socket.close();
  });

  test("that does not fit is refused with a pointer, and the stream goes on", async () => {
    const sensor = await console.enroll("beat-2");
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "heartbeat", id: 1, heartbeat: { ...testHeartbeat(), engine: 7 } });
    expect(await stream.next("heard")).toMatchObject({ id: 1, error: { code: "invalid_request" } });
    stream.send({ type: "heartbeat", id: 2, heartbeat: testHeartbeat() });
    expect(await stream.next("heard")).toMatchObject({ id: 2, answer: { rejected: [] } });
    stream.socket.close();
  });

  test("before the hello, or beside another, breaks the protocol", async () => {
    const early = await (await console.enroll("beat-3")).stream();
    early.send({ type: "heartbeat", id: 1, heartbeat: testHeartbeat() });
    expect(await early.next("error")).toMatchObject({ code: "invalid_request" });
    await until(() => early.closed !== undefined);
    const twice = await (await console.enroll("beat-4")).stream();
    await twice.hello();
    twice.send({ type: "heartbeat", id: 1, heartbeat: testHeartbeat() });
    twice.send({ type: "heartbeat", id: 2, heartbeat: testHeartbeat() });
    expect(await twice.next("error")).toMatchObject({ message: "A heartbeat is under way already." });
    await until(() => twice.closed !== undefined);
  });
});
