import { spawn, type ChildProcess } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../src/core/log.ts";
import { freePort } from "./built-console.ts";

const SERVER = "/usr/bin/redis-server";

/** True when Debian's redis-server is installed; says so loudly when it is not. */
export async function hasRedis(what: string): Promise<boolean> {
  const there = await access(SERVER).then(
    () => true,
    () => false,
  );
  if (!there) process.stderr.write(`SKIPPED: ${what}: ${SERVER} is not installed (make setup installs it)\n`);
  return there;
}

/** A real Redis on a port of its own that keeps nothing on disk. */
export class TestRedis implements AsyncDisposable {
  readonly port: number;
  readonly #dir: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, dir: string) {
    this.port = port;
    this.#dir = dir;
  }

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), await mkdtemp(join(tmpdir(), "telovix-redis-")));
    await redis.up();
    return redis;
  }

  get url(): Secret {
    return new Secret(`redis://127.0.0.1:${this.port}`);
  }

  /** Starts it, again on the same port, and resolves once it takes connections. */
  async up(): Promise<void> {
    const args = [
      "--port",
      String(this.port),
      "--bind",
      "127.0.0.1",
      "--dir",
      this.#dir,
      "--save",
      "",
      "--appendonly",
      "no",
    ];
    const child = spawn(SERVER, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.includes("Ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error("redis-server ended before it was ready")));
    });
  }

  /** Ends it without a goodbye, or stops and continues it. */
  async kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill(signal);
    if (signal !== "SIGKILL") return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null)
      await new Promise<void>((resolve) => child.once("exit", () => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
