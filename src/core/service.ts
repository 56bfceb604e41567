import type { Log } from "./log.ts";

/**
 * Something that runs until it is stopped. `run` resolves when the signal aborts and everything it owned
 * (timers, sockets, children) is closed; a rejection means that it failed.
 */
export interface Service {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Owns disposables and gives them back in the reverse order of their start. */
export class Stack implements AsyncDisposable {
  readonly #items: { name: string; stop: () => PromiseLike<void> | void }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Registers how to stop something that has just started. */
  add(name: string, stop: () => PromiseLike<void> | void): void {
    this.#items.push({ name, stop });
  }

  /** Starts a service; it is stopped by its own signal when its turn comes. */
  start(service: Service, onFailure: (error: unknown) => void): void {
    const controller = new AbortController();
    const done = service.run(controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) onFailure(error);
    });
    this.add(service.name, async () => {
      controller.abort();
      await done;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let item = this.#items.pop(); item; item = this.#items.pop()) {
      try {
        await item.stop();
      } catch (error) {
        this.#log.error("could not stop cleanly", { part: item.name, error });
      }
    }
  }
}
