import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { freePort } from "./bed.ts";

/** A Redis of a scenario's own, which can be killed and brought back at the same address. */
export class ScenarioRedis implements AsyncDisposable {
  readonly url: string;
  readonly #dir: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<ScenarioRedis> {
    const redis = new ScenarioRedis(await mkdtemp(join(tmpdir(), "telovix-redis-")), await freePort());
    try {
      await redis.launch();
      return redis;
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  async launch(): Promise<void> {
    const args = ["--port", String(this.#port), "--bind", "127.0.0.1", "--save", "", "--dir", this.#dir];
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
      if (await this.#answers()) return;
      await Bun.sleep(50);
    }
    throw new AppError("unavailable", "No Redis could be started here.", {
      ...(failed ? { cause: failed } : {}),
      hint: "Install redis-server, or leave this scenario out.",
    });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
