import { Admin } from "@platformatic/kafka";
import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";

const TOPIC = "telovix.runtime_events";

interface Answer {
  readonly status: string;
  readonly stores: readonly { name: string; ok: boolean; problem?: string; action?: string }[];
}

/** The queue as /readyz names it, which is what the web UI shows above every page. */
async function queueOf(console: TestConsole): Promise<{ code: number; kafka: Answer["stores"][number] }> {
  const response = await console.api("GET", "/readyz");
  const { stores } = (await response.json()) as Answer;
  return { code: response.status, kafka: stores.find((s) => s.name === "kafka")! };
}

const stored = async (console: TestConsole): Promise<number> =>
  (await console.json<{ total: number }>("GET", "/api/v1/events/histogram?since=1h")).total;

describe.skipIf(!hasKafka)("a Kafka cluster that forgets its topic", () => {
  test("is named on /readyz and in the log; sensors stay green, keep their events, and give them once there is a topic again", async () => {
    const dir = await mkdtemp(join(tmpdir(), "telovix-lost-topic-"));
    await chmod(dir, 0o755);
    await using broker = await KafkaBroker.start();
    const flags = { "redpanda-url": broker.url.reveal() };
    try {
      let sensor: TestSensor;
      {
        const console = await TestConsole.embedded(dir, flags);
        // Its directory stays for its second life.
        await using _ended = { [Symbol.asyncDispose]: () => console.stop() };
        await console.setUp();
        const here = (sensor = await console.enroll());
        await eventually(async () => (await here.send("/sensors/events", testBatch(1, 50))).ok || undefined);
        await eventually(async () => ((await stored(console)) === 50 ? true : undefined));
        // Readers that have just been made have not looked yet, and nothing is wrong with that.
        expect(console.logged.filter((line) => line.includes("is not well"))).toEqual([]);

        const admin = new Admin({ clientId: "test", bootstrapBrokers: [`127.0.0.1:${broker.port}`] });
        await admin.deleteTopics({ topics: [TOPIC] });
        await admin.close();
        const { code, kafka } = await eventually(async () => {
          const queue = await queueOf(console);
          return queue.kafka.ok ? undefined : queue;
        });
        expect(code).toBe(503);
        expect(kafka.problem).toBe(`The Kafka cluster has lost the topic ${TOPIC}.`);
        expect(kafka.action).toContain("restart the Console to make a new one");

        expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
        const refused = await sensor.send("/sensors/events", testBatch(51, 100));
        expect(refused.status).toBe(503);
        expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
        const stream = await sensor.stream();
        expect((await stream.hello(undefined, 101)).ack.seq).toBe(50);
        stream.socket.close();
        const health = await console.json<{ health_state: string }>("GET", `/api/v1/sensors/${sensor.sensorId}`);
        expect(health.health_state).not.toBe("offline");
        expect(await stored(console)).toBe(50);

        const told = await eventually(async () => {
          await Promise.resolve();
          return console.logged.find((line) => line.includes("kafka is not well"));
        });
        expect(JSON.parse(told)).toMatchObject({ level: "error", problem: kafka.problem, action: kafka.action });
      }
      // The way back, as it is told.
      await using console = await TestConsole.embedded(dir, flags);
      await console.signIn();
      sensor = sensor.at(console);
      await eventually(async () => ((await queueOf(console)).kafka.ok ? true : undefined));
      await eventually(async () => (await sensor.send("/sensors/events", testBatch(51, 100))).ok || undefined);
      await eventually(async () => ((await stored(console)) === 100 ? true : undefined));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 180_000);
});
