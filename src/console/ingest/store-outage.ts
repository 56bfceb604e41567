import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { EventDb } from "../stores/contract.ts";
import type { Pressure } from "./pressure.ts";

/** Whether the event store takes events, as its last inserts showed, and who wants to know of it. */
export class StoreOutage {
  readonly #pressure: Pick<Pressure, "trial">;
  readonly #log: Log;
  readonly #watchers = new Set<() => void>();
  #down = false;
  #fault: AppError | undefined;

  /** `pressure` lets through only a little from a failure on until an insert succeeds. */
  constructor(pressure: Pick<Pressure, "trial">, log: Log) {
    this.#pressure = pressure;
    this.#log = log;
  }

  /** It refused an insert and has not answered since. */
  get down(): boolean {
    return this.#down;
  }

  /** Why the last insert failed; undefined once one has succeeded since. */
  get fault(): AppError | undefined {
    return this.#fault;
  }

  /** Calls back at each `tell`; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** An insert succeeded. */
  works(): void {
    if (!this.#fault) return;
    this.#fault = undefined;
    this.#pressure.trial = false;
    this.#log.info("the event store takes events again");
    this.tell();
  }

  /** An insert failed; gives the reason. Tells nobody: what is under way is handed back first. */
  failed(error: unknown): AppError {
    const fault =
      error instanceof AppError
        ? error
        : new AppError("unavailable", "The event store failed.", { cause: error, retryAfterSecs: 2 });
    // Said once, not at every attempt.
    if (fault.message !== this.#fault?.message)
      this.#log.error("the event store failed; events stay with the sensors until it answers", {
        error: errorMessage(fault),
        ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      });
    this.#fault = fault;
    this.#pressure.trial = true;
    this.#down = true;
    return fault;
  }

  /** Asks the store every `probeMs` until it answers. */
  async recover(store: Pick<EventDb, "ping">, clock: Clock, probeMs: number, signal: AbortSignal): Promise<void> {
    while (this.#down && !signal.aborted) {
      await clock.sleep(probeMs, signal);
      try {
        await store.ping();
        this.#down = false;
      } catch (error) {
        this.#log.debug("the event store is still down", { error: errorMessage(error) });
      }
    }
    if (!this.#down) this.tell();
  }
}
