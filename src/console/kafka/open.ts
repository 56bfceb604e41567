import type { Clock } from "../../core/clock.ts";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Stack } from "../../core/service.ts";
import type { Dependency } from "../http/readiness.ts";
import { connectClickHouse, type ClickHouseTarget } from "../stores/clickhouse.ts";
import type { EventDb } from "../stores/contract.ts";
import type { Exclusively } from "../stores/migrate-clickhouse.ts";
import { QueueProducer } from "./producer.ts";
import { queueEvents } from "./queued-events.ts";
import { ReaderWatch } from "./reader-watch.ts";
import { oncePerTime, rewindGroup } from "./rewind.ts";
import { checkReaders } from "./store-health.ts";
import { attachQueue, hasQueue } from "./store-readers.ts";
import { parseKafkaUrl } from "./target.ts";

/** Taking a reader away waits for what it is reading. */
const DEFINITION_TIMEOUT_MS = 600_000;

export interface QueueDeps {
  /** Undefined: rows go to ClickHouse directly. */
  readonly url: Secret | undefined;
  readonly clickhouse: ClickHouseTarget;
  readonly events: EventDb;
  /** Of all Consoles one makes readers at a time. */
  readonly exclusively: Exclusively;
  /** Looks after the readers while the Console runs: one process of a host does. */
  readonly watch: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stack: Stack;
}

/** Where ingest puts its rows, and what there is to look at. */
export interface EventSink {
  readonly sink: EventDb;
  readonly dependencies: readonly Dependency[];
}

/**
 * Puts the Kafka cluster between ingest and ClickHouse, when there is one. A cluster that does not answer now is waited for later:
 * until then events stay with the sensors. Without a cluster ClickHouse still empties the topics of one that was there before.
 */
export async function openSink(deps: QueueDeps): Promise<EventSink> {
  const { url, clickhouse, events, exclusively, watch, clock, log, metrics, stack } = deps;
  const withClient = async <T>(run: (client: ReturnType<typeof connectClickHouse>) => Promise<T>): Promise<T> => {
    const client = connectClickHouse(clickhouse, DEFINITION_TIMEOUT_MS);
    try {
      return await run(client);
    } finally {
      await client.close();
    }
  };
  if (!url) {
    if (await withClient(hasQueue))
      log.info(
        "ClickHouse goes on reading the topics of the Kafka cluster that was configured before; new rows go to it directly",
      );
    return { sink: events, dependencies: [] };
  }
  const target = parseKafkaUrl(url);
  const rewinds = metrics.counter(
    "telovix_console_queue_rewinds_total",
    "Times the queue was read again from an earlier place, since parts of the event store could not be read.",
  );
  const rewind = oncePerTime(async (group, topics, sinceMs) => {
    await rewindGroup(target, group, topics, sinceMs);
    rewinds();
  });
  const attach = (fit: boolean): Promise<void> =>
    withClient((client) => attachQueue(client, target, log, { exclusively, fit, rewind }));
  await attach(true);
  const failed = (error: unknown): void => log.error("ClickHouse's readers are not looked after", { error });
  if (watch) stack.start(new ReaderWatch({ mend: () => attach(false), clock, log }), failed);
  const producer = new QueueProducer({ target, log, metrics });
  stack.add("kafka producer", () => producer[Symbol.asyncDispose]());
  return {
    sink: queueEvents(events, producer),
    dependencies: [
      {
        name: "kafka",
        ping: () => producer.ping(),
        state: () => ({ runs: "external" }),
        action: `Check the brokers that --redpanda-url names (${target.brokers.join(", ").slice(0, 200)}). Events stay with the sensors until they answer.`,
      },
      {
        name: "kafka readers",
        ping: () => checkReaders(events),
        state: () => ({ runs: "external" }),
        action: "Events are safe in the Kafka cluster. Check that ClickHouse answers and reaches its brokers.",
      },
    ],
  };
}
