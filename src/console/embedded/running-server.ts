import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { ChildState } from "../../core/supervise.ts";

const LAST_LINES = 5;
// A server that ends this often before its first success will not recover by itself.
const MAX_FIRST_STARTS = 4;

/** A supervised server: its state, the last words it said, and how to wait for it and end it. */
export class RunningServer implements AsyncDisposable {
  readonly name: string;
  readonly #log: Log;
  readonly #controller = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #lines: string[] = [];
  readonly #cleanUps: (() => Promise<void>)[] = [];
  #state: ChildState = { status: "stopped", pid: undefined, restarts: 0, reason: undefined };
  readonly #lock: AsyncDisposable;
  #done: Promise<void> = Promise.resolve();

  /** Owns the lock of the server's directory, and gives it back last. */
  constructor(name: string, lock: AsyncDisposable, log: Log) {
    this.name = name;
    this.#lock = lock;
    this.#log = log;
  }

  get state(): ChildState {
    return this.#state;
  }

  /** Runs once the server has ended. */
  atEnd(cleanUp: () => Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Runs the service until disposal. */
  start(service: Service): void {
    this.#done = service.run(this.#controller.signal).catch((error: unknown) => {
      this.#log.error("supervision failed", { error });
    });
  }

  update(state: ChildState): void {
    this.#state = state;
    for (const wake of this.#watchers) wake();
  }

  /** Keeps a line of output, to be shown when the server does not start. */
  remember(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LAST_LINES) this.#lines.shift();
  }

  /** Resolves once the state fits; for tests and start-up. */
  until(fits: (state: ChildState) => boolean): Promise<ChildState> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!fits(this.#state)) return;
        this.#watchers.delete(look);
        resolve(this.#state);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves when the server answers; rejects with AppError `unavailable` and its last words after a few failed starts. */
  async untilRunning(): Promise<void> {
    const state = await this.until((s) => s.status === "running" || s.restarts >= MAX_FIRST_STARTS);
    if (state.status === "running") return;
    const words = this.#lines.join(" | ").slice(-500);
    throw new AppError("unavailable", `embedded ${this.name} does not start: ${state.reason ?? "unknown"}; ${words}`, {
      hint: "Look at the space on the disk of --data-dir, and at the log with --log-level debug.",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#done;
    for (let cleanUp = this.#cleanUps.pop(); cleanUp; cleanUp = this.#cleanUps.pop()) await cleanUp();
    await this.#lock[Symbol.asyncDispose]();
  }
}
