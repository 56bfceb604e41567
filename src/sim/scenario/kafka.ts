import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { freePort } from "./bed.ts";
import { answersAt } from "./processes.ts";

/** Any id will do for a cluster of one; it only has to look like one. */
const CLUSTER_ID = "dGVsb3ZpeC10ZXN0LWlkLg";
const START_TIMEOUT_MS = 90_000;
const MAX_SAID_CHARS = 4_000;

export interface KafkaPlace {
  /** Directory of the jar files of Apache Kafka, from 4.0 on. */
  readonly jars: string;
  /** Where it listens; loopback by default. */
  readonly host?: string;
}

/** A Kafka broker of a scenario's own, controller and all in one process, which can be killed and brought back on its store. */
export class ScenarioKafka implements AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  readonly #place: KafkaPlace;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #said = "";

  private constructor(dir: string, port: number, place: KafkaPlace) {
    this.dir = dir;
    this.port = port;
    this.#place = place;
  }

  /** Formats a store and starts the broker on it. Throws AppError `unavailable` where there is no Java or no Kafka. */
  static async start(place: KafkaPlace): Promise<ScenarioKafka> {
    const kafka = new ScenarioKafka(await mkdtemp(join(tmpdir(), "telovix-kafka-")), await freePort(), place);
    try {
      await kafka.#format();
      await kafka.launch();
      return kafka;
    } catch (error) {
      await kafka[Symbol.asyncDispose]();
      throw error;
    }
  }

  get #host(): string {
    return this.#place.host ?? "127.0.0.1";
  }

  /** Address for `--redpanda-url`. */
  get address(): string {
    return `kafka://${this.#host}:${this.port}`;
  }

  async #format(): Promise<void> {
    const controllerPort = await freePort();
    const settings = {
      "process.roles": "broker,controller",
      "node.id": 1,
      "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://${this.#host}:${this.port},CONTROLLER://127.0.0.1:${controllerPort}`,
      "advertised.listeners": `PLAINTEXT://${this.#host}:${this.port}`,
      "controller.listener.names": "CONTROLLER",
      "log.dirs": join(this.dir, "data"),
      "offsets.topic.replication.factor": 1,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "group.initial.rebalance.delay.ms": 0,
      // What is acknowledged must survive a kill of the one broker there is.
      "log.flush.interval.messages": 1,
    };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(this.dir, "server.properties"), text.join(""));
    const child = this.#java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c");
    await this.#ended;
    if (child.exitCode !== 0) throw this.#refusal();
  }

  /** Starts it, again on the same store and port; resolves when it listens. */
  async launch(): Promise<void> {
    const child = this.#java("kafka.Kafka");
    const untilMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < untilMs && child.exitCode === null && child.signalCode === null && child.pid) {
      if (await answersAt(this.port, this.#host)) return;
      await Bun.sleep(50);
    }
    throw this.#refusal();
  }

  #refusal(): AppError {
    return new AppError("unavailable", `No Kafka broker could be started here: ${this.#said.slice(-500)}`, {
      hint: "It needs Java, and --kafka-jars must name the directory of Apache Kafka's jar files; or leave this scenario out.",
    });
  }

  #java(main: string, ...args: string[]): ChildProcess {
    const memory = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
    const all = [...memory, "-cp", `${this.#place.jars}/*`, quiet, main, ...args, join(this.dir, "server.properties")];
    const child = spawn("java", all, { cwd: this.dir, stdio: ["ignore", "pipe", "pipe"] });
    const take = (chunk: Buffer): void => void (this.#said = (this.#said + chunk.toString()).slice(-MAX_SAID_CHARS));
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#said = error.message;
        resolve();
      });
      child.once("close", () => resolve());
    });
    return child;
  }

  /** Ends it without a goodbye; or stops or continues it. */
  async kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" = "SIGKILL"): Promise<void> {
    this.#child?.kill(signal);
    if (signal === "SIGKILL") await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}
