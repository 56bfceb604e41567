import { Admin, Producer, type BaseOptions } from "@platformatic/kafka";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { clientOptions, reason, unavailable } from "./client.ts";
import type { KafkaTarget } from "./target.ts";
import { PARTITIONS, QUEUED } from "./topics.ts";

/** Messages of one produce request together: a broker takes a batch of 1 MiB unless it is told otherwise, records' heads included. */
const MAX_REQUEST_BYTES = 768 * 1024;

const TENANT_HEADER = Buffer.from("tenant_id");

/** Rows of one sensor, JSON, one a line. */
export interface QueueMessage {
  /** Decides the partition: what has one key stays in order. */
  readonly key: string;
  /** Whose it is, should the rows be unreadable. */
  readonly tenantId: string;
  readonly value: string;
}

export interface QueueProducerDeps {
  readonly target: KafkaTarget;
  readonly log: Log;
  readonly metrics: Metrics;
}

type Client = Producer<Buffer, Buffer, Buffer, Buffer>;

/** What the rows go into when a cluster stands between the Console and ClickHouse: every message is acknowledged by all replicas in sync. */
export class QueueProducer implements AsyncDisposable {
  readonly #options: BaseOptions;
  readonly #log: Log;
  readonly #sent: (by: number, labels: { topic: string }) => void;
  readonly #bytes: (by: number, labels: { topic: string }) => void;
  readonly #failures: () => void;
  #client: Client | undefined;
  /** Ends when everything asked for so far has been sent or has failed. */
  #turn: Promise<void> = Promise.resolve();
  /** The last failure: who waited behind it shares it, so that a cluster that hangs holds nobody up for longer than one request. */
  #failed: { readonly why: unknown } | undefined;
  /** Topics were there once: when one is missing later, messages went with it, and nobody should make a new one unseen. */
  #prepared = false;

  constructor({ target, log, metrics }: QueueProducerDeps) {
    this.#options = clientOptions(target);
    this.#log = log.child("kafka");
    this.#sent = metrics.counter(
      "telovix_console_queue_messages_total",
      "Messages the Kafka cluster has acknowledged.",
    );
    this.#bytes = metrics.counter("telovix_console_queue_bytes_total", "Bytes of those messages, before compression.");
    this.#failures = metrics.counter(
      "telovix_console_queue_failures_total",
      "Produce requests that failed; their events stay with the sensors.",
    );
  }

  /**
   * Resolves once every message is in the log of all replicas in sync. Rejects with AppError `unavailable`; some of the messages may
   * be there then, and come again. One call after the other: the client numbers what it sends by what has been answered, so two
   * requests under way for one partition would have the same numbers, and the cluster takes the second for a repetition of the first,
   * acknowledges it and throws it away.
   */
  send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    const before = this.#failed;
    const sent = this.#turn.then(() => {
      if (this.#failed !== before) throw this.#failed?.why;
      return this.#send(topic, messages);
    });
    this.#turn = sent.catch(() => undefined);
    return sent;
  }

  async #send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    try {
      for (const request of requests(messages)) {
        this.#client ??= await this.#open();
        await this.#client.send({
          messages: request.map(({ key, tenantId, value }) => ({
            topic,
            key: Buffer.from(key),
            value: Buffer.from(value),
            headers: new Map([[TENANT_HEADER, Buffer.from(tenantId)]]),
          })),
        });
      }
    } catch (error) {
      this.#failures();
      await this.#forget();
      const why = error instanceof AppError ? error : unavailable("The Kafka cluster did not take the events", error);
      this.#failed = { why };
      throw why;
    }
    this.#sent(messages.length, { topic });
    this.#bytes(
      messages.reduce((sum, m) => sum + m.value.length, 0),
      { topic },
    );
  }

  /** Rejects with AppError `unavailable` when the cluster does not answer or has lost a topic. */
  async ping(): Promise<void> {
    const admin = new Admin(this.#options);
    try {
      const there = new Set(await admin.listTopics({}));
      const missing = Object.values(QUEUED).filter((topic) => !there.has(topic));
      if (missing.length === 0) {
        this.#prepared = true;
      } else if (this.#prepared) {
        throw new AppError("unavailable", `The Kafka cluster has lost the topic ${missing.join(", ")}.`, {
          hint: "What it had and ClickHouse had not read is gone with it. Restore the topic, or restart the Console to make a new one.",
        });
      } else {
        await admin.createTopics({ topics: missing, partitions: PARTITIONS, replicas: -1 });
        this.#prepared = true;
        this.#log.info("made topics", { topics: missing, partitions: PARTITIONS });
      }
    } catch (error) {
      throw error instanceof AppError ? error : unavailable("The Kafka cluster does not answer", error);
    } finally {
      await admin.close().catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is under way fails with its client.
    await this.#forget();
    await this.#turn;
    await this.#forget();
  }

  async #open(): Promise<Client> {
    // Makes the topics the first time; a later loss is told instead of mended.
    await this.ping();
    return new Producer({
      ...this.#options,
      acks: -1,
      // Retries inside the client do not double a message.
      idempotent: true,
      compression: "zstd",
      strict: true,
    });
  }

  /** After a failure nobody knows which sequence the broker expects: a new producer begins its own. */
  async #forget(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client
      ?.close()
      .catch((error: unknown) => this.#log.debug("the producer did not close", { error: reason(error) }));
  }
}

/** Splits messages into requests under the bound; a larger message goes alone. */
function* requests(messages: readonly QueueMessage[]): Generator<QueueMessage[]> {
  let request: QueueMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.value) + message.key.length;
    if (request.length > 0 && bytes + size > MAX_REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}
