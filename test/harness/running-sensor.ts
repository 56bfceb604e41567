import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomToken } from "../../src/core/ids.ts";
import { Secret, silentLog } from "../../src/core/log.ts";
import { runSensor, type SensorOverrides } from "../../src/sensor/app.ts";
import { runEnroll } from "../../src/sensor/membership.ts";
import { sensorConfig, type SensorConfig } from "../../src/sensor/config.ts";
import { statePaths } from "../../src/sensor/state/paths.ts";
import { EngineLines } from "./engine-lines.ts";
import type { StandInConsole } from "./stand-in-console.ts";

/** State directories of sensors without an engine, whose lines the test writes. */
export class SensorHomes implements AsyncDisposable {
  readonly root: string;
  #homes = 0;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<SensorHomes> {
    return new SensorHomes(await mkdtemp(join(tmpdir(), "telovix-sensor-")));
  }

  newConfig(): SensorConfig {
    const stateDir = join(this.root, `state-${++this.#homes}`);
    return sensorConfig({ stateDir, enginePath: join(this.root, "no-engine") }, {});
  }

  async enrolled(console: StandInConsole): Promise<{ config: SensorConfig; lines: EngineLines }> {
    const config = this.newConfig();
    await runEnroll(config, enrolment(console));
    return { config, lines: new EngineLines(statePaths(config.stateDir).engineOut) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

const token = (console: StandInConsole): Secret => {
  const text = `tse_${randomToken(32)}`;
  console.tokens.add(text);
  return new Secret(text);
};

export const enrolment = (console: StandInConsole) => ({
  consoleUrl: console.url,
  token: token(console),
  pin: console.pin,
  nodeName: "node-1",
  role: "generic_linux",
  flavor: "standard" as const,
  tags: ["site:lab"],
});

/** Waits for a condition; it is looked at again after each turn of the event loop's timers. */
export async function until(what: string, done: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface RunningSensor extends AsyncDisposable {
  readonly done: Promise<void>;
}

/** A running sensor that is stopped at the end of its block. */
export function run(config: SensorConfig, overrides: SensorOverrides = {}): RunningSensor {
  const controller = new AbortController();
  const done = runSensor(
    config,
    {
      log: silentLog,
      reconnectMinMs: 20,
      reconnectMaxMs: 50,
      heartbeatIntervalMs: 100,
      inventoryIntervalMs: 100,
      policyRestMs: 50,
      ...overrides,
    },
    controller.signal,
  );
  return {
    done,
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await done.catch(() => {});
    },
  };
}

/** A running sensor that has joined a Console first. */
export async function enrollAndRun(
  console: StandInConsole,
  config: SensorConfig,
  overrides: SensorOverrides = {},
): Promise<RunningSensor> {
  await runEnroll(config, enrolment(console));
  return run(config, overrides);
}

/** Arguments of the executions that arrived. */
export const execs = (console: StandInConsole): string[] =>
  [...console.events.values()]
    .filter((e) => e.kind === "process_exec")
    .map((e) => e.process!.argv[1]!)
    .toSorted();

const list = (dir: string): string[] => readdirSync(dir).toSorted();

/** Bytes of the engine's lines that no position in the bulk lane covers yet, as far as its files show: 0 once all is in the spool. */
export function lagging(config: SensorConfig): number {
  const spool = statePaths(config.stateDir).spool;
  const lane = list(spool).findLast((name) => name.startsWith("bulk-"));
  if (lane === undefined) return 1;
  const text = list(join(spool, lane))
    .filter((name) => name.endsWith(".seg"))
    .map((name) => readFileSync(join(spool, lane, name), "latin1"))
    .join("");
  const offset = Number([...text.matchAll(/"offset":(\d+)/g)].at(-1)?.[1] ?? 0);
  const out = statePaths(config.stateDir).engineOut;
  return statSync(join(out, list(out).at(-1)!)).size - offset;
}
