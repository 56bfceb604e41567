import { Secret } from "../../src/core/log.ts";
import { ScenarioRedis } from "../../src/sim/scenario/redis.ts";

/** True when redis-server is installed; says so loudly when it is not. */
export function hasRedis(what: string): Promise<boolean> {
  const there = Bun.which("redis-server") !== null;
  if (!there) process.stderr.write(`SKIPPED: ${what}: redis-server is not installed (make setup installs it)\n`);
  return Promise.resolve(there);
}

/** A real Redis on a port of its own that keeps nothing on disk; the simulator's own. */
export class TestRedis implements AsyncDisposable {
  readonly #redis: ScenarioRedis;

  private constructor(redis: ScenarioRedis) {
    this.#redis = redis;
  }

  /** On loopback, if not told otherwise. */
  static async start(host?: string): Promise<TestRedis> {
    return new TestRedis(await ScenarioRedis.start(host));
  }

  get url(): Secret {
    return new Secret(this.#redis.url);
  }

  /** Starts it, again on the same port, and resolves once it takes connections. */
  up(): Promise<void> {
    return this.#redis.launch();
  }

  /** Ends it without a goodbye, or stops and continues it. */
  kill(signal?: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    return this.#redis.kill(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#redis[Symbol.asyncDispose]();
  }
}
