import { ClickHouseException } from "./chdb-request.ts";

/** Lets a number of holders in at once, in order of arrival; a bounded number may wait. */
export class Lane {
  readonly #slots: number;
  readonly #maxWaiting: number;
  readonly #waiting: { wake: () => void }[] = [];
  #inside = 0;
  #drained: (() => void) | undefined;

  constructor(slots: number, maxWaiting: number) {
    this.#slots = slots;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves with how to leave (harmless when called twice); rejects when too many wait or the signal aborts. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inside < this.#slots) this.#inside++;
    else await this.#wait(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) return next.wake();
      this.#inside--;
      if (this.#inside === 0) this.#drained?.();
    };
  }

  /** Resolves when nobody is inside. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#inside === 0) resolve();
    });
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting)
      throw new ClickHouseException(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many queries wait");
    return new Promise((resolve, reject) => {
      const entry = {
        wake: () => {
          signal.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(entry);
    });
  }
}
