import type { ClickHouseClient } from "@clickhouse/client";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Stack } from "../../core/service.ts";
import type { Dependency } from "../http/readiness.ts";
import type { EventDb } from "../stores/contract.ts";
import { QueueProducer } from "./producer.ts";
import { queueEvents } from "./queued-events.ts";
import { checkReaders } from "./store-health.ts";
import { attachQueue, hasQueue } from "./store-readers.ts";
import { parseKafkaUrl } from "./target.ts";

export interface QueueDeps {
  /** Undefined: rows go to ClickHouse directly. */
  readonly url: Secret | undefined;
  /** For definitions of tables, while the Console starts. */
  readonly client: ClickHouseClient;
  readonly events: EventDb;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stack: Stack;
}

/** Where ingest puts its rows, and what there is to look at. */
export interface EventSink {
  readonly sink: EventDb;
  readonly dependency?: Dependency;
}

/**
 * Puts the Kafka cluster between ingest and ClickHouse, when there is one. A cluster that does not answer now is waited for later:
 * until then events stay with the sensors. Without a cluster ClickHouse still empties the topics of one that was there before.
 */
export async function openSink({ url, client, events, log, metrics, stack }: QueueDeps): Promise<EventSink> {
  if (!url) {
    if (await hasQueue(client))
      log.info(
        "ClickHouse goes on reading the topics of the Kafka cluster that was configured before; new rows go to it directly",
      );
    return { sink: events };
  }
  const target = parseKafkaUrl(url);
  await attachQueue(client, target, log);
  const attachedMs = performance.now();
  const producer = new QueueProducer({ target, log, metrics });
  stack.add("kafka producer", () => producer[Symbol.asyncDispose]());
  return {
    sink: queueEvents(events, producer),
    dependency: {
      name: "kafka",
      ping: async () => {
        await producer.ping();
        await checkReaders(events, (performance.now() - attachedMs) / 1000);
      },
      state: () => ({ runs: "external" }),
      action: `Check the brokers that --redpanda-url names (${target.brokers.join(", ").slice(0, 200)}). Events stay with the sensors until they answer.`,
    },
  };
}
