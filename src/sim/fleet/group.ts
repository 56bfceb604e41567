import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { AppError } from "../../core/error.ts";
import { selfCommand } from "../../core/self-command.ts";
import type { FleetConfig, FleetHandle, FleetStatus, SensorResult } from "./config.ts";
import { Fleet } from "./fleet.ts";
import { Tally } from "./tally.ts";
import type { WorkerRequest } from "./worker.ts";

type Ask = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, "id"> : never) : never;

/** A part of a fleet in a process of its own. */
class Worker implements FleetHandle {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  readonly #ended: Promise<void>;
  #id = 0;

  constructor() {
    const [file, ...words] = selfCommand("internal", "sim");
    this.#child = spawn(file, words, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: "/usr/bin:/bin" } });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const { id, value } = JSON.parse(line) as { id: number; value: unknown };
      this.#waiting.get(id)?.resolve(value);
      this.#waiting.delete(id);
    });
    this.#child.stdin!.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        for (const { reject } of this.#waiting.values())
          reject(new AppError("internal", "A process of the simulator ended by itself."));
        resolve();
      };
      this.#child.once("error", end);
      this.#child.once("exit", end);
    });
  }

  #ask<T>(request: Ask): Promise<T> {
    const id = ++this.#id;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.#child.exitCode !== null) reject(new AppError("internal", "A process of the simulator has ended."));
      else this.#child.stdin!.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  start(config: FleetConfig): Promise<unknown> {
    return this.#ask({ do: "start", config });
  }

  async status(): Promise<FleetStatus> {
    const status = await this.#ask<FleetStatus>({ do: "status" });
    return { ...status, tally: new Tally(status.tally), lawful: new Tally(status.lawful) };
  }

  results(): Promise<readonly SensorResult[]> {
    return this.#ask({ do: "results" });
  }

  endEvents(): Promise<void> {
    return this.#ask({ do: "endEvents" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask({ do: "end" }).catch(() => {});
    this.#child.stdin!.end();
    await this.#ended;
  }
}

class Group implements FleetHandle {
  readonly #parts: readonly FleetHandle[];

  constructor(parts: readonly FleetHandle[]) {
    this.#parts = parts;
  }

  async status(): Promise<FleetStatus> {
    const all = await Promise.all(this.#parts.map((p) => p.status()));
    const sum = (of: (s: FleetStatus) => number): number => all.reduce((total, s) => total + of(s), 0);
    const merged = (of: (s: FleetStatus) => Tally): Tally => {
      const tally = new Tally();
      for (const part of all) tally.merge(of(part));
      return tally;
    };
    return {
      sensors: sum((s) => s.sensors),
      live: sum((s) => s.live),
      drained: sum((s) => s.drained),
      generated: sum((s) => s.generated),
      acked: sum((s) => s.acked),
      missing: sum((s) => s.missing),
      cpuMs: sum((s) => s.cpuMs),
      rssBytes: sum((s) => s.rssBytes),
      baseRssBytes: sum((s) => s.baseRssBytes),
      tally: merged((s) => s.tally),
      lawful: merged((s) => s.lawful),
    };
  }

  async results(): Promise<readonly SensorResult[]> {
    return (await Promise.all(this.#parts.map((p) => p.results()))).flat();
  }

  async endEvents(): Promise<void> {
    await Promise.all(this.#parts.map((p) => p.endEvents()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#parts.map((p) => p[Symbol.asyncDispose]()));
  }
}

/** Starts a fleet: in this process, or spread over `processes` others. */
export async function startFleet(config: FleetConfig, processes: number): Promise<FleetHandle> {
  if (processes <= 1) {
    const fleet = new Fleet(config);
    fleet.start();
    return fleet;
  }
  const size = config.end - config.first;
  const workers = Array.from({ length: processes }, () => new Worker());
  await Promise.all(
    workers.map((worker, i) => {
      const first = Math.floor((size * i) / processes);
      const end = Math.floor((size * (i + 1)) / processes);
      const keys = config.keys.slice(first, end);
      const identities = config.identities.slice(first, end);
      return worker.start({ ...config, first: config.first + first, end: config.first + end, keys, identities });
    }),
  );
  return new Group(workers);
}
