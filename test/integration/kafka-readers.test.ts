import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { queueEvents } from "../../src/console/kafka/queued-events.ts";
import { QueueProducer } from "../../src/console/kafka/producer.ts";
import { checkReaders } from "../../src/console/kafka/store-health.ts";
import { attachQueue } from "../../src/console/kafka/store-readers.ts";
import { parseKafkaUrl, type KafkaTarget } from "../../src/console/kafka/target.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { underLock } from "../../src/console/stores/postgres-lock.ts";
import { toRuntimeEventRow, type RuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { createLog, silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { eventually } from "../harness/built-console.ts";
import { hasKafka, KafkaBroker } from "../harness/kafka.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

const TENANT = "0192f3a0-0000-7000-8000-000000000001";
const SENSORS = 24;

/** What hung on a Kafka table before one view did: three, the rows' last. */
const EARLIER = (queue: string, table: string, columns: string): string[] => [
  `CREATE MATERIALIZED VIEW ${queue}_rejects TO queue_rejects AS
   SELECT _topic AS topic, toInt64(_partition) AS partition, toInt64(_offset) AS offset, _error AS error, _raw_message AS message
   FROM ${queue} WHERE length(_error) > 0`,
  `CREATE MATERIALIZED VIEW ${queue}_losses TO event_losses AS
   SELECT toUUIDOrZero(_key) AS sensor_id, 'store' AS stage, 'queue_unreadable' AS cause, 1 AS count, now() AS from_at, now() AS to_at
   FROM ${queue} WHERE length(_error) > 0`,
  `CREATE MATERIALIZED VIEW ${queue}_rows TO ${table} AS SELECT ${columns} FROM ${queue} WHERE length(_error) = 0`,
];

function row(sensor: number, seq: number): RuntimeEventRow {
  return toRuntimeEventRow({
    tenantId: TENANT,
    sensorId: `0192f3a0-0000-7000-8000-${String(100 + sensor).padStart(12, "0")}`,
    nodeName: "n",
    epoch: "00000000000000aa",
    ingestedAtMs: Date.now(),
    event: { seq, kind: "process_exec", severity: "info", observed_at_us: Date.now() * 1000, message: `line ${seq}` },
  });
}

describe.skipIf(!hasKafka)("ClickHouse's readers of the queue", () => {
  let broker: KafkaBroker;
  let stores: TestStores;
  let producer: QueueProducer;
  let client: ReturnType<typeof connectClickHouse>;
  let target: KafkaTarget;
  let acknowledged = 0;

  beforeAll(async () => {
    [broker, stores] = await Promise.all([KafkaBroker.start(), testStores()]);
    target = parseKafkaUrl(broker.url);
    producer = new QueueProducer({ target, log: silentLog, metrics: new Metrics() });
    client = connectClickHouse(stores.clickhouse);
    await producer.ping();
    await attachQueue(client, target, silentLog);
  });

  afterAll(async () => {
    await producer?.[Symbol.asyncDispose]();
    await client?.close();
    await stores?.dispose();
    await broker?.[Symbol.asyncDispose]();
  });

  const command = async (query: string): Promise<void> => void (await client.command({ query }));
  const stored = async (): Promise<number> => {
    const [one] = await stores.events.selectSystem<{ n: number }>("SELECT count() AS n FROM runtime_events FINAL");
    return Number(one!.n);
  };
  /** How many rows have come, whichever are the same. */
  const arrived = (): Promise<true> => eventually(async () => ((await stored()) >= acknowledged ? true : undefined));
  let seq = 0;
  const send = async (): Promise<void> => {
    const rows = Array.from({ length: SENSORS }, (_, sensor) =>
      Array.from({ length: 10 }, (_unused, i) => row(sensor, seq + 1 + i)),
    ).flat();
    await queueEvents(stores.events, producer).insert("runtime_events", rows);
    seq += 10;
    acknowledged += rows.length;
  };
  /** Runs something while rows are sent, again and again, and each time while rows are read too. */
  const underTraffic = async (times: number, run: (time: number) => Promise<void>): Promise<void> => {
    let goingOn = true;
    const traffic = (async () => {
      while (goingOn) await send();
    })();
    for (let time = 0; time < times; time++) {
      const before = await stored();
      await eventually(async () => ((await stored()) > before ? true : undefined));
      await run(time);
    }
    goingOn = false;
    await traffic;
  };
  const partsThere = async (): Promise<string[]> => {
    const rows = await stores.events.selectSystem<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'runtime_events_queue') ORDER BY name",
    );
    return rows.map((r) => r.name);
  };
  const PARTS = ["", "_feed", "_losses", "_read", "_rejects", "_rows"].map((part) => `runtime_events_queue${part}`);

  test("made anew again and again while rows are read lose none and double none", async () => {
    await underTraffic(4, async (time) => {
      await command(`ALTER TABLE runtime_events ADD COLUMN extra${time} String`);
      await attachQueue(client, target, silentLog);
    });
    await arrived();
    expect(await stored()).toBe(acknowledged);
  }, 180_000);

  test("of an earlier release, three views on the Kafka table, are replaced without a loss", async () => {
    const columns = await stores.events.selectSystem<{ name: string; type: string }>(
      "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'runtime_events' AND default_kind != 'MATERIALIZED'",
    );
    for (const part of PARTS) await command(`DROP TABLE IF EXISTS ${part} SYNC`);
    await command(
      `CREATE TABLE runtime_events_queue (${columns.map((c) => `${c.name} ${c.type}`).join(", ")}) ENGINE = Kafka
       SETTINGS kafka_broker_list = '${target.brokers.join(",")}', kafka_topic_list = 'telovix.runtime_events',
         kafka_group_name = 'telovix.clickhouse.${stores.clickhouse.database}', kafka_format = 'JSONEachRow',
         kafka_handle_error_mode = 'stream', kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100 COMMENT 'telovix 0'`,
    );
    for (const query of EARLIER("runtime_events_queue", "runtime_events", columns.map((c) => c.name).join(", ")))
      await command(query);
    await underTraffic(1, () => attachQueue(client, target, silentLog));
    await arrived();
    expect(await stored()).toBe(acknowledged);
    expect(await partsThere()).toEqual(PARTS);
    await checkReaders(stores.events);
  }, 180_000);

  test.each(["rows", "losses", "rejects", "feed", "read"])(
    "without %s are named, read nothing away, and give all of it once they are whole again",
    async (part) => {
      const lines: string[] = [];
      const log = createLog({ write: (line) => void lines.push(line) });
      await underTraffic(1, async () => {
        await command(`DROP TABLE runtime_events_queue_${part} SYNC`);
        const fault = { code: "unavailable", message: expect.stringContaining(`lack runtime_events_queue_${part}`) };
        expect(await rejectionOf(checkReaders(stores.events))).toMatchObject(fault);
        const before = acknowledged;
        await eventually(async () => {
          await Promise.resolve();
          return acknowledged > before + 20 * SENSORS * 10 ? true : undefined;
        });
        await attachQueue(client, target, log, { exclusively: (run) => run(), fit: false });
      });
      expect(lines.filter((line) => line.includes("is made anew"))).toHaveLength(1);
      await checkReaders(stores.events);
      await arrived();
      expect(await stored()).toBe(acknowledged);
    },
    120_000,
  );

  test("whose rows go nowhere read none of them", async () => {
    await command("DROP TABLE runtime_events_queue_rows SYNC");
    await send();
    // It has tried and been refused; what it read is not committed.
    await eventually(async () => {
      const [consumer] = await stores.events.selectSystem<{ trouble: string }>(
        `SELECT arrayStringConcat(exceptions.text) AS trouble FROM system.kafka_consumers
         WHERE database = currentDatabase() AND table = 'runtime_events_queue'`,
      );
      return consumer?.trouble.includes("behind the queue is missing") ? true : undefined;
    });
    expect(await stored()).toBe(acknowledged - SENSORS * 10);
    await attachQueue(client, target, silentLog);
    await arrived();
    expect(await stored()).toBe(acknowledged);
  }, 120_000);

  test("that somebody has detached are named and read nothing, until they are attached again", async () => {
    const mend = (): Promise<void> =>
      attachQueue(client, target, silentLog, { exclusively: (run) => run(), fit: false });
    await underTraffic(3, async () => {
      await command("DETACH TABLE runtime_events_queue_rows PERMANENTLY SYNC");
      await mend();
      expect(await partsThere()).toEqual(PARTS.filter((part) => !/queue(_rows)?$/.test(part)));
      expect(await rejectionOf(checkReaders(stores.events))).toMatchObject({
        code: "unavailable",
        hint: expect.stringContaining("ATTACH TABLE runtime_events_queue_rows;"),
      });
      await command("ATTACH TABLE runtime_events_queue_rows");
      await mend();
    });
    await checkReaders(stores.events);
    await arrived();
    expect(await stored()).toBe(acknowledged);
  }, 120_000);

  test("are made by one of two Consoles that start at once, and the other finds it done", async () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => void lines.push(line) });
    const other = connectClickHouse(stores.clickhouse);
    const options = {
      exclusively: (run: () => Promise<void>) => underLock(stores.postgres, "test readers", () => {}, run),
      fit: true,
    };
    for (let time = 0; time < 3; time++) {
      await command(`ALTER TABLE runtime_events ADD COLUMN more${time} String`);
      await Promise.all([client, other].map((one) => attachQueue(one, target, log, options)));
      expect(lines.filter((line) => line.includes("ClickHouse reads a topic"))).toHaveLength(time + 1);
    }
    await other.close();
    await send();
    await arrived();
    expect(await stored()).toBe(acknowledged);
  }, 120_000);
});
