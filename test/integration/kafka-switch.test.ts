import { afterAll, expect, test, describe } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";

const STEP = 50;

describe.skipIf(!hasKafka)("a Console that changes its way into ClickHouse", () => {
  let dir: string;
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const isDurable = async (sensor: TestSensor, from: number): Promise<true | undefined> => {
    const response = await sensor.send("/api/v1/sensors/events", testBatch(from, from + STEP - 1));
    if (!response.ok) return undefined;
    const { ack } = (await response.json()) as { ack: { seq: number } };
    return ack.seq === from + STEP - 1 ? true : undefined;
  };
  const count = async (console: TestConsole): Promise<number> => {
    return (await console.json<{ total: number }>("GET", "/api/v1/events/histogram?since=1h")).total;
  };

  test("loses no event and doubles none, either way, over a kill of the broker", async () => {
    dir = await mkdtemp(join(tmpdir(), "telovix-switch-"));
    await chmod(dir, 0o755);
    await using broker = await KafkaBroker.start();
    const queue = { "redpanda-url": broker.url.reveal() };
    let sensor: TestSensor | undefined;
    let next = 1;
    // Direct, by the broker, direct again, by the broker again.
    for (const flags of [{}, queue, {}, queue] as Record<string, string>[]) {
      const console = await TestConsole.embedded(dir, flags);
      try {
        if (sensor) sensor = sensor.at(console);
        else {
          await console.setUp();
          sensor = await console.enroll();
        }
        const here = sensor;
        await eventually(() => isDurable(here, next));
        next += STEP;
        if (next > 3 * STEP) {
          await broker.kill();
          // With the broker away a Console that needs it takes nothing, and one that does not goes on.
          const taken = await isDurable(here, next);
          expect(taken).toBe("redpanda-url" in flags ? undefined : true);
          await broker.resume();
          await eventually(() => isDurable(here, next));
          next += STEP;
        }
      } finally {
        await console.stop();
      }
    }
    const last = await TestConsole.embedded(dir, {});
    try {
      await last.signIn();
      await eventually(async () => ((await count(last)) === next - 1 ? true : undefined));
    } finally {
      await last.stop();
    }
  }, 200_000);
});
