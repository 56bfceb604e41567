import { usageOf, type Usage } from "./processes.ts";

/** Each look goes through all processes of the host. */
const LOOK_MS = 3_000;

/**
 * Processor time of parts of an installation whose processes come and go: what one had taken when it was last looked at stays in the sum
 * of its part when it is gone. What it took after that is missed: three seconds' worth at most.
 */
export class Meter<P extends string> implements Disposable {
  readonly #pids: () => Promise<Readonly<Record<P, readonly number[]>>>;
  /** By part and process: a number is given to another process later, so its start is part of the name. */
  readonly #seen = new Map<P, Map<string, number>>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<Readonly<Record<P, Usage>>> | undefined;

  constructor(pids: () => Promise<Readonly<Record<P, readonly number[]>>>, lookMs = LOOK_MS) {
    this.#pids = pids;
    this.#timer = setInterval(() => void this.look().catch(() => {}), lookMs);
    this.#timer.unref();
  }

  /** Processor time so far, of processes that are gone, too, and resident memory now. */
  look(): Promise<Readonly<Record<P, Usage>>> {
    this.#looking ??= this.#look().finally(() => void (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<Readonly<Record<P, Usage>>> {
    const parts = Object.entries(await this.#pids()) as [P, readonly number[]][];
    const found = parts.map(async ([part, pids]) => [part, await this.#part(part, pids)] as const);
    return Object.fromEntries(await Promise.all(found)) as Record<P, Usage>;
  }

  async #part(part: P, pids: readonly number[]): Promise<Usage> {
    const seen = this.#seen.get(part) ?? new Map<string, number>();
    this.#seen.set(part, seen);
    let rssBytes = 0;
    for (const [i, usage] of (await Promise.all(pids.map(usageOf))).entries()) {
      if (!usage) continue;
      seen.set(`${pids[i]} ${usage.startTicks}`, usage.cpuMs);
      rssBytes += usage.rssBytes;
    }
    return { cpuMs: seen.values().reduce((sum, ms) => sum + ms, 0), rssBytes };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
