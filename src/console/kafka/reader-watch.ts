import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";

const EVERY_MS = 15_000;

export interface ReaderWatchDeps {
  /** Makes readers anew that lack a part. */
  readonly mend: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sees to it that ClickHouse's readers of the queue are whole. */
export class ReaderWatch implements Service {
  readonly name = "kafka readers";
  readonly #deps: ReaderWatchDeps;
  readonly #log: Log;
  /** Said already. */
  #problem: string | undefined;

  constructor(deps: ReaderWatchDeps) {
    this.#deps = deps;
    this.#log = deps.log.child("kafka");
  }

  async run(signal: AbortSignal): Promise<void> {
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stop(), { once: true });
    while (!signal.aborted) {
      await this.#deps.clock.sleep(EVERY_MS, signal);
      // A ClickHouse that hangs does not hold up the end; what is half made is mended by the next start.
      if (!signal.aborted) await Promise.race([this.#turn(), stopped]);
    }
  }

  async #turn(): Promise<void> {
    try {
      await this.#deps.mend();
      this.#problem = undefined;
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== this.#problem)
        this.#log.error("ClickHouse's readers of the queue could not be looked after; it is tried again", { error });
      this.#problem = problem;
    }
  }
}
