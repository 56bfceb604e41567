import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { queueEvents } from "../../src/console/kafka/queued-events.ts";
import { QueueProducer } from "../../src/console/kafka/producer.ts";
import { attachQueue } from "../../src/console/kafka/store-readers.ts";
import { parseKafkaUrl } from "../../src/console/kafka/target.ts";
import { QueueLosses } from "../../src/console/losses/queue-losses.ts";
import type { CountedLoss } from "../../src/console/losses/recorder.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { toRuntimeEventRow, type RuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

const TENANT = "0192f3a0-0000-7000-8000-000000000001";
const SENSOR = "0192f3a0-0000-7000-8000-000000000002";

function row(seq: number): RuntimeEventRow {
  return toRuntimeEventRow({
    tenantId: TENANT,
    sensorId: SENSOR,
    nodeName: "n",
    epoch: "00000000000000aa",
    ingestedAtMs: Date.now(),
    event: {
      seq,
      kind: "process_exec",
      severity: "info",
      observed_at_us: Date.now() * 1000,
      message: `line ${seq}\n\n"é`,
    },
  });
}

describe.skipIf(!hasKafka)("rows that go by a Kafka broker", () => {
  let broker: KafkaBroker;
  let stores: TestStores;
  let producer: QueueProducer;
  let client: ReturnType<typeof connectClickHouse>;

  beforeAll(async () => {
    [broker, stores] = await Promise.all([KafkaBroker.start(), testStores()]);
    const target = parseKafkaUrl(broker.url);
    producer = new QueueProducer({ target, log: silentLog, metrics: new Metrics() });
    client = connectClickHouse(stores.clickhouse);
    await producer.ping();
    await attachQueue(client, target, silentLog);
  }, 60_000);

  afterAll(async () => {
    await producer?.[Symbol.asyncDispose]();
    await client?.close();
    await stores?.dispose();
    await broker?.[Symbol.asyncDispose]();
  });

  const stored = async (): Promise<number[]> => {
    const rows = await stores.events.select<{ seq: number }>(
      TENANT,
      "SELECT DISTINCT seq FROM runtime_events WHERE tenant_id = {tenant_id:UUID} ORDER BY seq",
    );
    return rows.map((r) => Number(r.seq));
  };
  const arrived = (upTo: number): Promise<true> =>
    eventually(async () => ((await stored()).length >= upTo ? true : undefined));

  test("arrive in ClickHouse, each once, whatever is in them", async () => {
    const events = queueEvents(stores.events, producer);
    await events.insert(
      "runtime_events",
      Array.from({ length: 1_000 }, (_, i) => row(i + 1)),
    );
    await arrived(1_000);
    expect(await stored()).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    const [one] = await stores.events.select<{ message: string }>(
      TENANT,
      "SELECT message FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND seq = 7",
    );
    expect(one?.message).toBe('line 7\n\n"é');
  }, 60_000);

  test("many at once for one partition arrive, every one that was acknowledged", async () => {
    const events = queueEvents(stores.events, producer);
    // Of one size, as repetitions are.
    await Promise.all(Array.from({ length: 60 }, (_, i) => events.insert("runtime_events", [row(2_001 + i)])));
    await arrived(1_060);
    expect((await stored()).slice(1_000)).toEqual(Array.from({ length: 60 }, (_, i) => 2_001 + i));
  }, 60_000);

  test("are kept by the broker over its kill -9, and refused while it is away", async () => {
    const events = queueEvents(stores.events, producer);
    await events.insert("runtime_events", [row(1_001)]);
    await broker.kill();
    expect(await rejectionOf(events.insert("runtime_events", [row(1_002)]))).toMatchObject({ code: "unavailable" });
    expect(await rejectionOf(producer.ping())).toMatchObject({ code: "unavailable" });
    await broker.resume();
    await eventually(async () => {
      await events.insert("runtime_events", [row(1_002), row(1_003)]);
      return true;
    });
    await arrived(1_063);
    expect((await stored()).length).toBe(1_063);
  }, 90_000);

  test("that cannot be read are kept whole, and the others go on", async () => {
    await producer.send("telovix.runtime_events", [
      { key: SENSOR, tenantId: TENANT, value: '{"seq": "x"}\n{not a row' },
    ]);
    await queueEvents(stores.events, producer).insert("runtime_events", [row(1_004)]);
    await arrived(1_064);
    const rejects = await eventually(async () => {
      const rows = await stores.events.selectSystem<{ message: string; error: string }>(
        "SELECT message, error FROM queue_rejects",
      );
      return rows.length > 0 ? rows : undefined;
    });
    expect(rejects).toEqual([{ message: '{"seq": "x"}\n{not a row', error: expect.stringContaining("Cannot parse") }]);
    const losses = await stores.events.select(
      TENANT,
      "SELECT sensor_id, stage, cause, count FROM event_losses WHERE tenant_id = {tenant_id:UUID}",
    );
    expect(losses).toEqual([{ sensor_id: SENSOR, stage: "store", cause: "queue_unreadable", count: 2 }]);
    const clock = new ManualClock(Date.now());
    const counted: CountedLoss[] = [];
    const queue = new QueueLosses({ events: stores.events, clock, onLoss: (some) => void counted.push(...some) });
    for (const ms of [60_000, 60_000]) {
      await clock.advance(ms);
      await queue.turn();
    }
    expect(counted).toMatchObject([{ sensor_id: SENSOR, cause: "queue_unreadable", count: 2, unknown: 0 }]);
  }, 60_000);

  test("a reader is made anew for other columns, and goes on where it was", async () => {
    await client.command({ query: "ALTER TABLE runtime_events ADD COLUMN extra String" });
    await attachQueue(client, parseKafkaUrl(broker.url), silentLog);
    await producer.send("telovix.runtime_events", [
      { key: SENSOR, tenantId: TENANT, value: JSON.stringify({ ...row(1_005), extra: "x" }) },
    ]);
    await arrived(1_065);
    const [one] = await stores.events.select<{ extra: string }>(
      TENANT,
      "SELECT extra FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND seq = 1005",
    );
    expect(one?.extra).toBe("x");
    const [count] = await stores.events.selectSystem<{ n: number }>("SELECT count() AS n FROM runtime_events FINAL");
    expect(Number(count?.n)).toBe(1_065);
  }, 60_000);

  test("a topic that is gone is told, not made anew unseen", async () => {
    const { Admin } = await import("@platformatic/kafka");
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [`127.0.0.1:${broker.port}`] });
    await admin.deleteTopics({ topics: ["telovix.runtime_events"] });
    await eventually(
      async () =>
        (await producer.ping().then(
          () => undefined,
          (e: Error) => e.message,
        )) ?? undefined,
    );
    expect(await rejectionOf(producer.ping())).toMatchObject({
      code: "unavailable",
      message: "The Kafka cluster has lost the topic telovix.runtime_events.",
    });
    expect(
      await rejectionOf(producer.send("telovix.runtime_events", [{ key: "s", tenantId: TENANT, value: "{}" }])),
    ).toMatchObject({
      code: "unavailable",
    });
    await admin.close();
  }, 60_000);
});
