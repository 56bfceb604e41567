import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { createLog, Secret } from "../../src/core/log.ts";
import { runSensor, type SensorOverrides } from "../../src/sensor/app.ts";
import { runEnroll } from "../../src/sensor/membership.ts";
import { sensorConfig, type SensorConfig } from "../../src/sensor/config.ts";
import { statePaths } from "../../src/sensor/state/paths.ts";
import type { SensorState } from "../../src/sensor/state/sensor-state.ts";
import { EngineLines } from "./engine-lines.ts";
import type { TestConsole } from "./sensor-plane.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The system's clock with another date: what waits, waits as long as always. */
export class ShiftedClock implements Clock {
  offsetMs: number;

  constructor(offsetMs = 0) {
    this.offsetMs = offsetMs;
  }

  nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}

/** Resolves once `done` says something; fails with `what` after a minute: slow machines are not wrong ones. */
export async function eventually<T>(
  what: string,
  done: () => T | Promise<T>,
  timeoutMs = 90_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await done();
    if (value) return value;
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** A whole sensor of the product against a Console of the test, in a state directory of its own. */
export class RealSensor implements AsyncDisposable {
  readonly config: SensorConfig;
  readonly clock: ShiftedClock;
  readonly logged: string[] = [];
  readonly #root: string;
  #stop: (() => Promise<void>) | undefined;
  #lines: EngineLines | undefined;
  state!: SensorState;

  private constructor(root: string, clock: ShiftedClock) {
    this.#root = root;
    this.clock = clock;
    this.config = sensorConfig({ stateDir: join(root, "state"), enginePath: join(root, "no-engine") }, {});
  }

  static async create(clock = new ShiftedClock()): Promise<RealSensor> {
    return new RealSensor(await mkdtemp(join(tmpdir(), "telovix-identity-")), clock);
  }

  /** Enrols with a token as the Console gave it. */
  async enroll(made: CreatedToken, more: Partial<Parameters<typeof runEnroll>[1]> = {}): Promise<SensorState> {
    this.state = await runEnroll(
      this.config,
      {
        consoleUrl: made.console_url,
        token: new Secret(made.token),
        pin: made.pinned_public_key,
        nodeName: "node-1",
        role: "generic_linux",
        flavor: "standard",
        tags: [],
        ...more,
      },
      this.clock,
    );
    return this.state;
  }

  /** Runs it until `stop`; rejects nothing. */
  run(overrides: SensorOverrides = {}): void {
    const controller = new AbortController();
    const done = runSensor(
      this.config,
      {
        log: createLog({ write: (line) => void this.logged.push(line), level: "debug" }),
        clock: this.clock,
        reconnectMinMs: 20,
        reconnectMaxMs: 50,
        heartbeatIntervalMs: 100,
        inventoryIntervalMs: 60_000,
        renewal: { dice: () => 0, askedSpreadMs: 0 },
        ...overrides,
      },
      controller.signal,
    ).catch((error: unknown) => void this.logged.push(`ended: ${String(error)}`));
    this.#stop = async () => {
      controller.abort();
      await done;
    };
  }

  async stop(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  get lines(): EngineLines {
    this.#lines ??= new EngineLines(statePaths(this.config.stateDir).engineOut);
    return this.#lines;
  }

  async file(name: string): Promise<string> {
    return readFile(join(this.config.stateDir, name), "utf8").catch(() => "");
  }

  async saved(): Promise<SensorState> {
    return JSON.parse(await this.file("sensor-state.json")) as SensorState;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** A data directory with the same keys as a Console's: for a second one on the same database. */
export async function copyTrust(console: TestConsole): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "telovix-replica-"));
  await cp(join(console.dir, "trust"), join(dir, "trust"), { recursive: true });
  return dir;
}
