import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QueueProducer } from "../../src/console/kafka/producer.ts";
import { queueEvents } from "../../src/console/kafka/queued-events.ts";
import { parseKafkaUrl } from "../../src/console/kafka/target.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { EventDb } from "../../src/console/stores/contract.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { Secret, silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { eventually } from "../harness/built-console.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { ClickHousePort } from "../harness/external-stores.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { runProgram, type Outcome } from "../harness/program.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { closeServers, REPOSITORY, testServers } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

const COMMAND = [join(REPOSITORY, "src/main.ts"), "console", "store", "migrate", "--json"];

describe.skipIf(!hasKafka)("console store migrate of a Console behind Kafka", () => {
  let root: string;
  let dataDir: string;
  let broker: KafkaBroker;
  let port: ClickHousePort;
  let url: string;
  let producer: QueueProducer;
  let seq = 0;

  const migrate = (env: Record<string, string>, ...more: string[]): Promise<Outcome> =>
    runProgram(process.execPath, [...COMMAND, "--data-dir", dataDir, "--clickhouse-url", url, ...more], { env });
  /** As a Console does that takes events; the store behind is nobody's business. */
  const send = async (count: number): Promise<void> => {
    const rows = Array.from({ length: count }, (_, i) =>
      toRuntimeEventRow({
        tenantId: "0192f3a0-0000-7000-8000-000000000001",
        sensorId: `0192f3a0-0000-7000-8000-${String((i % 24) + 1).padStart(12, "0")}`,
        nodeName: "n",
        epoch: "00000000000000aa",
        ingestedAtMs: Date.now(),
        event: { seq: ++seq, kind: "process_exec", severity: "info", observed_at_us: Date.now() * 1000, message: "x" },
      }),
    );
    await queueEvents({} as EventDb, producer).insert("runtime_events", rows);
  };
  const stored = async (): Promise<number> => {
    const client = connectClickHouse({ url: new Secret(url) });
    const query = "SELECT count() AS n FROM runtime_events FINAL";
    const [row] = await (await client.query({ query, format: "JSONEachRow" })).json<{ n: number }>();
    await client.close();
    return Number(row!.n);
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "telovix-migrate-kafka-"));
    await chmod(root, 0o755);
    dataDir = join(root, "console");
    const { clickhouse } = await testServers();
    if ("url" in clickhouse.target) throw new Error("the test server has a socket");
    const { socketPath, database } = clickhouse.target;
    port = new ClickHousePort(socketPath, "writer", "ch-secret");
    // Of the same name as the source's: the reader there goes on where this one was.
    url = `http://writer:ch-secret@127.0.0.1:${await port.listen()}/${database}`;
    broker = await KafkaBroker.start();
    producer = new QueueProducer({ target: parseKafkaUrl(broker.url), log: silentLog, metrics: new Metrics() });
    // Makes the topics.
    await producer.ping();
    const console = await TestConsole.embedded(dataDir, { "redpanda-url": broker.url.reveal() });
    await send(240);
    await console.stop();
    // Whoever starts its ClickHouse finds these.
    await send(2_400);
  }, 120_000);

  afterAll(async () => {
    await producer?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
    await port?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test("is refused where what was not read would be left behind", async () => {
    const refused = await migrate({});
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("Kafka cluster that the Console's configuration does not name");
    expect(refused.err).toContain("redpanda_url");
    const compared = await migrate({ TELOVIX_CONSOLE_REDPANDA_URL: broker.url.reveal() }, "--verify-only");
    expect(compared).toMatchObject({ code: 1, err: expect.stringContaining("it never stands still") });
  }, 120_000);

  test("copies what was read and leaves the rest to the new store, whatever comes meanwhile", async () => {
    let goingOn = true;
    const traffic = (async () => {
      while (goingOn) await send(24);
    })();
    const done = await migrate({ TELOVIX_CONSOLE_REDPANDA_URL: broker.url.reveal() });
    goingOn = false;
    await traffic;
    expect(done).toMatchObject({
      code: 0,
      err: expect.stringContaining("reads the topics of the Kafka cluster no more"),
    });
    const flags = { "clickhouse-url": url, "redpanda-url": broker.url.reveal() };
    const console = await TestConsole.embedded(dataDir, flags);
    try {
      let there = 0;
      await eventually(
        async () => ((there = await stored()) >= seq ? true : undefined),
        () => `${there} of ${seq}`,
      );
      expect(there).toBe(seq);
    } finally {
      await console.stop();
    }
  }, 180_000);

  test("is refused when the other end reads Kafka already", async () => {
    const again = await migrate({ TELOVIX_CONSOLE_REDPANDA_URL: broker.url.reveal() });
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("already reads topics of a Kafka cluster") });
  }, 60_000);
});
