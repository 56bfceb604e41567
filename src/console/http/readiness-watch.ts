import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { StoreHealth } from "./readiness.ts";

const EVERY_MS = 15_000;

export interface ReadinessWatchDeps {
  readonly readiness: () => Promise<readonly StoreHealth[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes into the log what /readyz says, whether anybody asks or not: once when it changes, with what to do. */
export class ReadinessWatch implements Service {
  readonly name = "readiness";
  readonly #deps: ReadinessWatchDeps;
  readonly #log: Log;
  /** What is wrong now, by name. */
  readonly #problems = new Map<string, string>();

  constructor(deps: ReadinessWatchDeps) {
    this.#deps = deps;
    this.#log = deps.log.child(this.name);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const health of await this.#deps.readiness()) this.#tell(health);
      await this.#deps.clock.sleep(EVERY_MS, signal);
    }
  }

  #tell({ name, ok, optional, problem, action }: StoreHealth): void {
    if (ok) {
      if (this.#problems.delete(name)) this.#log.info(`${name} is well again`, { name });
      return;
    }
    // Figures in it (space that is left) change with each look.
    const words = (problem ?? "").replaceAll(/\d+/g, "");
    if (this.#problems.get(name) === words) return;
    this.#problems.set(name, words);
    this.#log[optional ? "warn" : "error"](`${name} is not well`, { name, problem, action });
  }
}
