import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

interface Answer {
  readonly stores: readonly { name: string; ok: boolean; problem?: string; action?: string }[];
}

describe.skipIf(!hasKafka)("a ClickHouse that loses a part of its readers of Kafka", () => {
  test("is named on /readyz and in the log, is mended by the Console, and has every event in the end", async () => {
    const dir = await mkdtemp(join(tmpdir(), "telovix-lost-reader-"));
    await chmod(dir, 0o755);
    await using broker = await KafkaBroker.start();
    try {
      const console = await TestConsole.embedded(dir, { "redpanda-url": broker.url.reveal() });
      await using _ended = { [Symbol.asyncDispose]: () => console.stop() };
      await console.setUp();
      const sensor = await console.enroll();
      const readers = async (): Promise<{ code: number; fault: Answer["stores"][number] }> => {
        const response = await console.api("GET", "/readyz");
        const { stores } = (await response.json()) as Answer;
        return { code: response.status, fault: stores.find((s) => s.name === "kafka readers")! };
      };
      const well = (): Promise<true> => eventually(async () => ((await readers()).fault.ok ? true : undefined));
      const give = async (from: number, to: number): Promise<void> =>
        void (await eventually(
          async () => (await sensor.send("/sensors/events", testBatch(from, to))).ok || undefined,
        ));
      const stored = (count: number): Promise<true> =>
        eventually(async () => {
          const { total } = await console.json<{ total: number }>("GET", "/api/v1/events/histogram?since=1h");
          return total === count ? true : undefined;
        });
      const command = async (query: string): Promise<void> => {
        const client = connectClickHouse({ socketPath: join(dir, "clickhouse/run/http"), database: "telovix" });
        await client.command({ query });
        await client.close();
      };
      await give(1, 50);
      await stored(50);
      await well();

      // Somebody's doing, so the Console leaves it to them, and says so for as long as it lasts.
      await command("DETACH TABLE runtime_events_queue_rows PERMANENTLY SYNC");
      const { code, fault } = await eventually(async () => {
        const told = await readers();
        return told.fault.action?.includes("ATTACH") ? told : undefined;
      });
      expect(code).toBe(503);
      const lack = "ClickHouse's readers of the queue lack runtime_events_queue, runtime_events_queue_rows";
      expect(fault.problem).toBe(lack);
      expect(fault.action).toContain("ATTACH TABLE runtime_events_queue_rows;");
      await give(51, 100);
      const told = await eventually(async () => {
        await Promise.resolve();
        return console.logged.find((line) => line.includes("kafka readers is not well") && line.includes(lack));
      });
      expect(JSON.parse(told)).toMatchObject({ level: "error", problem: fault.problem, action: fault.action });
      await command("ATTACH TABLE runtime_events_queue_rows");
      await stored(100);
      await well();

      await command("DROP TABLE runtime_events_queue_rows SYNC");
      await give(101, 150);
      await stored(150);
      await well();
      expect(console.logged.filter((line) => line.includes("reader of a topic is made anew")).at(-1)).toContain(
        '"missing":["runtime_events_queue_rows"]',
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 240_000);
});
