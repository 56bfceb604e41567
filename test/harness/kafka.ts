import { existsSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../src/core/log.ts";
import { ScenarioKafka } from "../../src/sim/scenario/kafka.ts";
import { REPOSITORY } from "./servers.ts";

/** Where `make setup` puts a broker. */
export const KAFKA_JARS = join(REPOSITORY, ".cache/kafka");

/** False where `make setup` could not get a broker; tests say so and skip. */
export const hasKafka = existsSync(KAFKA_JARS) && Bun.which("java") !== null;
if (!hasKafka)
  process.stderr.write("SKIPPED: no Kafka broker in .cache/kafka (make setup gets it; it needs Java and Maven)\n");

/** A real Apache Kafka broker, controller and all in one process; the simulator's own, from the jar files of `make setup`. */
export class KafkaBroker implements AsyncDisposable {
  readonly #kafka: ScenarioKafka;

  private constructor(kafka: ScenarioKafka) {
    this.#kafka = kafka;
  }

  /** Formats a store and starts the broker on it; on loopback, if not told otherwise. */
  static async start(host?: string): Promise<KafkaBroker> {
    return new KafkaBroker(await ScenarioKafka.start({ jars: KAFKA_JARS, ...(host === undefined ? {} : { host }) }));
  }

  get port(): number {
    return this.#kafka.port;
  }

  get url(): Secret {
    return new Secret(this.#kafka.address);
  }

  /** Starts it again on the same store; resolves when it listens. */
  resume(): Promise<void> {
    return this.#kafka.launch();
  }

  /** Ends it without a goodbye, or stops and continues it. */
  kill(signal?: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    return this.#kafka.kill(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#kafka[Symbol.asyncDispose]();
  }
}
