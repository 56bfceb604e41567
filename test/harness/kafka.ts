import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../src/core/log.ts";
import { freePort } from "./built-console.ts";
import { Program } from "./program.ts";
import { REPOSITORY } from "./servers.ts";

const JARS = join(REPOSITORY, ".cache/kafka");
const STORAGE_ID = "dGVsb3ZpeC10ZXN0LWlkLg";

/** False where `make setup` could not get a broker; tests say so and skip. */
export const hasKafka = existsSync(JARS) && Bun.which("java") !== null;
if (!hasKafka)
  process.stderr.write("SKIPPED: no Kafka broker in .cache/kafka (make setup gets it; it needs Java and Maven)\n");

/** A real Apache Kafka broker, controller and all in one process, on loopback. */
export class KafkaBroker implements AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  #program: Program | undefined;

  private constructor(dir: string, port: number) {
    this.dir = dir;
    this.port = port;
  }

  /** Formats a store and starts the broker on it. */
  static async start(): Promise<KafkaBroker> {
    const dir = await mkdtemp(join(tmpdir(), "telovix-kafka-"));
    const broker = new KafkaBroker(dir, await freePort());
    const controllerPort = await freePort();
    const settings = {
      "process.roles": "broker,controller",
      "node.id": 1,
      "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${broker.port},CONTROLLER://127.0.0.1:${controllerPort}`,
      "advertised.listeners": `PLAINTEXT://127.0.0.1:${broker.port}`,
      "controller.listener.names": "CONTROLLER",
      "log.dirs": join(dir, "data"),
      "offsets.topic.replication.factor": 1,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "group.initial.rebalance.delay.ms": 0,
      // What is acknowledged must survive a kill of the one broker there is.
      "log.flush.interval.messages": 1,
    };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(dir, "server.properties"), text.join(""));
    await using format = broker.#java("kafka.tools.StorageTool", "format", "-t", STORAGE_ID, "-c");
    const { code, out, err } = await format.ended;
    if (code !== 0) throw new Error(`the broker's store was not made: ${out}${err}`);
    await broker.resume();
    return broker;
  }

  get url(): Secret {
    return new Secret(`kafka://127.0.0.1:${this.port}`);
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** Starts it again on the same store; resolves when it listens. */
  async resume(): Promise<void> {
    this.#program = this.#java("kafka.Kafka");
    let ended = false;
    void this.#program.ended.then(() => (ended = true));
    while (!(await listens(this.port))) {
      if (ended) throw new Error(`the broker ended: ${this.#program.output.slice(-2_000)}`);
      await Bun.sleep(50);
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#program?.stop("SIGKILL");
    this.#program = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  #java(main: string, ...args: string[]): Program {
    const memory = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
    const all = [...memory, "-cp", `${JARS}/*`, quiet, main, ...args, join(this.dir, "server.properties")];
    return new Program("java", all, { cwd: this.dir });
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
