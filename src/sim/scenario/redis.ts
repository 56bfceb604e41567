import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { freePort } from "./bed.ts";
import { answersAt } from "./processes.ts";

/** A Redis of a scenario's own, which can be killed and brought back at the same address. */
export class ScenarioRedis implements AsyncDisposable {
  readonly url: string;
  readonly #dir: string;
  readonly #port: number;
  readonly #host: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(dir: string, port: number, host: string) {
    this.#dir = dir;
    this.#port = port;
    this.#host = host;
    this.url = `redis://${host}:${port}`;
  }

  /** Starts one that keeps nothing on disk. Throws AppError `unavailable` where redis-server is not installed. */
  static async start(host = "127.0.0.1"): Promise<ScenarioRedis> {
    const redis = new ScenarioRedis(await mkdtemp(join(tmpdir(), "telovix-redis-")), await freePort(), host);
    try {
      await redis.launch();
      return redis;
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it, again on the same port; resolves once it takes connections. */
  async launch(): Promise<void> {
    // Elsewhere than on loopback Redis wants a password or to be told that it may do without.
    const open = ["--bind", this.#host, "--protected-mode", "no"];
    const args = ["--port", String(this.#port), ...open, "--save", "", "--appendonly", "no", "--dir", this.#dir];
    const child = spawn("redis-server", args, { stdio: "ignore" });
    this.#child = child;
    let failed: Error | undefined;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        failed = error;
        resolve();
      });
      child.once("exit", () => resolve());
    });
    for (let tries = 0; tries < 100 && !failed; tries++) {
      if (await answersAt(this.#port, this.#host)) return;
      await Bun.sleep(50);
    }
    throw new AppError("unavailable", "No Redis could be started here.", {
      ...(failed ? { cause: failed } : {}),
      hint: "Install redis-server, or leave this scenario out.",
    });
  }

  /** Ends it without a goodbye; or stops or continues it. */
  async kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" = "SIGKILL"): Promise<void> {
    this.#child?.kill(signal);
    if (signal === "SIGKILL") await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
