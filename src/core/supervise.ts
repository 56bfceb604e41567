import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "./clock.ts";
import { errorMessage } from "./error.ts";
import type { Log } from "./log.ts";
import type { Service } from "./service.ts";

export interface ChildSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Drops to this user; needs root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Sent first when stopping; SIGKILL follows after `stopTimeoutMs`. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopTimeoutMs?: number;
  readonly backoffMinMs?: number;
  readonly backoffMaxMs?: number;
  /** A run at least this long makes the next backoff start anew. */
  readonly healthyAfterMs?: number;
  /** Runs before each start; a rejection counts as a crash. */
  readonly before?: () => Promise<void>;
  /** Runs after each start; the child counts as running once it resolves. A rejection stops the child and counts as a crash. */
  readonly ready?: (pid: number, signal: AbortSignal) => Promise<void>;
  /** Called for each line of stdout and stderr, without its end. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Called whenever `state` changes. */
  readonly onState?: (state: ChildState) => void;
}

export type ChildStatus = "starting" | "running" | "backoff" | "stopped";

export interface ChildState {
  readonly status: ChildStatus;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Why it is not running, in a sentence. */
  readonly reason: string | undefined;
}

const MAX_LINE_CHARS = 16_384;

function forwardLines(child: ChildProcess, spec: ChildSpec): void {
  for (const name of ["stdout", "stderr"] as const) {
    let rest = "";
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!.slice(0, MAX_LINE_CHARS);
      for (const line of lines) spec.onLine?.(line, name);
    });
  }
}

/** Keeps one child process alive: starts it, waits until it is ready, restarts it with backoff, ends it on abort. */
export class Supervisor implements Service {
  readonly name: string;
  readonly #spec: ChildSpec;
  readonly #clock: Clock;
  readonly #log: Log;
  #state: ChildState = { status: "stopped", pid: undefined, restarts: 0, reason: undefined };

  constructor(spec: ChildSpec, clock: Clock, log: Log) {
    this.name = spec.name;
    this.#spec = spec;
    this.#clock = clock;
    this.#log = log.child(spec.name);
  }

  get state(): ChildState {
    return this.#state;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { backoffMinMs = 250, backoffMaxMs = 30_000, healthyAfterMs = 60_000 } = this.#spec;
    let backoffMs = backoffMinMs;
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonicMs();
      const reason = await this.#once(signal);
      if (signal.aborted) break;
      if (this.#clock.monotonicMs() - startedMs >= healthyAfterMs) backoffMs = backoffMinMs;
      this.#set({ status: "backoff", pid: undefined, restarts: this.#state.restarts + 1, reason });
      this.#log.warn("child ended; it is started again", { reason, backoffMs, restarts: this.#state.restarts });
      await this.#clock.sleep(backoffMs * (0.75 + Math.random() / 2), signal);
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    }
    this.#set({ ...this.#state, status: "stopped", pid: undefined });
  }

  #set(state: ChildState): void {
    this.#state = state;
    this.#spec.onState?.(state);
  }

  /** One life of the child; resolves with why it ended. */
  async #once(signal: AbortSignal): Promise<string> {
    const { command, env, cwd, uid, gid, before } = this.#spec;
    const [file, ...args] = command;
    try {
      await before?.();
    } catch (error) {
      return `could not start: ${errorMessage(error)}`;
    }
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C and a closed terminal reach us alone, and we end our children in their order.
      detached: true,
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(`could not start: ${error.message}`));
      child.once("exit", (code, sig) => resolve(sig ? `ended by ${sig}` : `exited with ${code}`));
    });
    forwardLines(child, this.#spec);
    if (child.pid === undefined) return ended;
    this.#set({ ...this.#state, status: "starting", pid: child.pid });
    const life = new AbortController();
    const stop = (): void => life.abort();
    signal.addEventListener("abort", stop, { once: true });
    const outcome = ended.then((reason) => {
      life.abort();
      return reason;
    });
    try {
      await this.#spec.ready?.(child.pid, life.signal);
      if (!life.signal.aborted) this.#set({ ...this.#state, status: "running", reason: undefined });
    } catch (error) {
      this.#log.error("child did not become ready", { error });
      await this.#end(child, outcome);
      signal.removeEventListener("abort", stop);
      return `did not become ready: ${errorMessage(error)}`;
    }
    await Promise.race([
      outcome,
      new Promise<void>((resolve) =>
        life.signal.aborted ? resolve() : life.signal.addEventListener("abort", () => resolve(), { once: true }),
      ),
    ]);
    if (signal.aborted) await this.#end(child, outcome);
    signal.removeEventListener("abort", stop);
    return outcome;
  }

  async #end(child: ChildProcess, outcome: Promise<string>): Promise<void> {
    child.kill(this.#spec.stopSignal ?? "SIGTERM");
    const patience = new AbortController();
    const late = this.#clock.sleep(this.#spec.stopTimeoutMs ?? 10_000, patience.signal).then(() => {
      if (!patience.signal.aborted) child.kill("SIGKILL");
    });
    await outcome;
    patience.abort();
    await late;
  }
}
