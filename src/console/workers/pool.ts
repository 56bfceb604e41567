import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { selfCommand } from "../../core/self-command.ts";
import { Supervisor, type ChildState, type ChildStatus } from "../../core/supervise.ts";
import type { Boot } from "./boot.ts";
import { findPort } from "./port.ts";
import type { WorkerHub } from "./hub.ts";

/** A worker as `telovix console status` shows it. */
export interface WorkerStatus {
  readonly number: number;
  readonly pid: number | null;
  readonly status: ChildStatus;
  readonly restarts: number;
  readonly reason?: string;
  /** Open TLS connections; absent while it does not answer. */
  readonly connections?: number;
}

export interface PoolDeps {
  readonly count: number;
  readonly hub: WorkerHub;
  /** What every worker is told; number, host and port are filled in here. */
  readonly boot: Omit<Boot, "number" | "host" | "port">;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the workers' own log lines go. */
  readonly write: (line: string) => void;
}

/** A worker that ends this often before its first success will not recover by itself. */
const MAX_FIRST_STARTS = 4;
/** Longer than a listener drains. */
const STOP_TIMEOUT_MS = 15_000;
const LAST_LINES = 5;

interface Seat {
  readonly supervisor: Supervisor;
  readonly done: Promise<void>;
  readonly lines: string[];
}

/** The workers of a Console: n processes on one port, each started again when it ends. */
export class WorkerPool implements AsyncDisposable {
  readonly port: number;
  readonly #deps: PoolDeps;
  readonly #seats = new Map<number, Seat>();
  readonly #stop = new AbortController();
  readonly #watchers = new Set<() => void>();

  private constructor(deps: PoolDeps, port: number) {
    this.#deps = deps;
    this.port = port;
  }

  /** Starts all workers and resolves once they serve. Rejects with AppError `unavailable`, with their last words. */
  static async start(deps: PoolDeps): Promise<WorkerPool> {
    const { host, port } = findPort(deps.boot.config.host, deps.boot.config.port);
    const pool = new WorkerPool(deps, port);
    await deps.hub.listen((number, pid) =>
      pool.#seats.get(number)?.supervisor.state.pid === pid ? { ...deps.boot, number, host, port } : undefined,
    );
    try {
      for (let number = 1; number <= deps.count; number++) pool.#start(number);
      await Promise.all([...pool.#seats.values()].map((seat) => pool.#untilRunning(seat)));
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  async statuses(): Promise<WorkerStatus[]> {
    const answers = await this.#deps.hub.statuses();
    return [...this.#seats].map(([number, { supervisor }]) => {
      const { pid, status, restarts, reason } = supervisor.state;
      const answer = answers.get(number);
      return {
        number,
        pid: pid ?? null,
        status,
        restarts,
        ...(reason === undefined ? {} : { reason }),
        ...(answer ? { connections: answer.connections } : {}),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#seats.values()].map((seat) => seat.done));
    await this.#deps.hub[Symbol.asyncDispose]();
  }

  #start(number: number): void {
    const { hub, clock, log, write } = this.#deps;
    const lines: string[] = [];
    const words = ["internal", "console-worker", hub.socketPath, String(number)];
    const supervisor = new Supervisor(
      {
        name: `worker-${number}`,
        command: selfCommand(...words),
        stopTimeoutMs: STOP_TIMEOUT_MS,
        ready: (pid, signal) => hub.untilReady(pid, signal),
        onLine: (line) => {
          lines.push(line);
          if (lines.length > LAST_LINES) lines.shift();
          write(`${line}\n`);
        },
        onState: () => {
          for (const wake of this.#watchers) wake();
        },
      },
      clock,
      log,
    );
    const done = supervisor.run(this.#stop.signal).catch((error: unknown) => {
      log.error("the supervision of a worker failed", { number, error });
    });
    this.#seats.set(number, { supervisor, done, lines });
  }

  async #untilRunning({ supervisor, lines }: Seat): Promise<void> {
    const over = (s: ChildState): boolean => s.status === "running" || s.restarts >= MAX_FIRST_STARTS;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!over(supervisor.state)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
    if (supervisor.state.status === "running") return;
    throw new AppError("unavailable", `${supervisor.name} does not start: ${lines.join(" | ").slice(-500)}`, {
      hint: "Look at the Console's log; 'telovix console serve' without --workers runs everything in one process.",
    });
  }
}
