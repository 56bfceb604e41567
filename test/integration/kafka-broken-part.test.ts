import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { pidsWith } from "../harness/processes.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

describe.skipIf(!hasKafka)("a ClickHouse whose parts a full disk has spoilt", () => {
  test("reads again from the queue what was in them, once", async () => {
    const dir = await mkdtemp(join(tmpdir(), "telovix-broken-part-"));
    await chmod(dir, 0o755);
    await using broker = await KafkaBroker.start();
    try {
      const console = await TestConsole.embedded(dir, { "redpanda-url": broker.url.reveal() });
      await using _ended = { [Symbol.asyncDispose]: () => console.stop() };
      await console.setUp();
      const sensor = await console.enroll();
      const give = async (from: number, to: number): Promise<void> =>
        void (await eventually(
          async () => (await sensor.send("/sensors/events", testBatch(from, to))).ok || undefined,
        ));
      const stored = (count: number): Promise<true> =>
        eventually(async () => {
          const { total } = await console.json<{ total: number }>("GET", "/api/v1/events/histogram?since=1h");
          return total === count ? true : undefined;
        });
      const select = async (query: string): Promise<Record<string, string | number>[]> => {
        const client = connectClickHouse({ socketPath: join(dir, "clickhouse/run/http"), database: "telovix" });
        try {
          return await (await client.query({ query, format: "JSONEachRow" })).json<Record<string, string | number>>();
        } finally {
          await client.close();
        }
      };
      await give(1, 50);
      await stored(50);

      const parts = await select("SELECT path FROM system.parts WHERE active AND table = 'runtime_events'");
      expect(parts.length).toBeGreaterThan(0);
      for (const { path } of parts)
        for (const name of await readdir(String(path)))
          if (name.endsWith(".bin")) await truncate(join(String(path), name), 0);
      const before = await pidsWith(dir, "internal clickhouse");
      for (const pid of before) process.kill(pid, "SIGKILL");

      await stored(50);
      const told = console.logged.filter((line) => line.includes("is read again"));
      expect(told).toHaveLength(1);
      expect(told[0]).toContain("broken");
      expect(console.metrics.render()).toMatch(/^telovix_console_queue_rewinds_total 1$/m);
      // It goes on, and nothing is read again a second time.
      await give(51, 80);
      await stored(80);
      const [rows] = await select("SELECT count() AS rows, uniqExact(seq) AS numbers FROM runtime_events FINAL");
      expect(rows).toEqual({ rows: 80, numbers: 80 });
      expect(console.logged.filter((line) => line.includes("is read again"))).toHaveLength(1);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 240_000);
});
