import type { Clock } from "../../core/clock.ts";

/** So many keys at once make the next question wait for more. */
const MANY = 4;

/**
 * Asks for many keys together. A lone key is asked for at once; while many come, `spacingMs` lies between the beginnings of two
 * questions. A failed question fails for all its keys.
 */
export class Gather<Key, Value> {
  readonly #load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  readonly #clock: Clock;
  readonly #spacingMs: number;
  readonly #maxKeys: number;
  #waiting = new Map<Key, PromiseWithResolvers<Value | undefined>>();
  #running = false;

  constructor(
    load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
    options: { clock: Clock; spacingMs: number; maxKeys: number },
  ) {
    this.#load = load;
    this.#clock = options.clock;
    this.#spacingMs = options.spacingMs;
    this.#maxKeys = options.maxKeys;
  }

  /** The value of a key, undefined when there is none. The question begins after the call: an answer is never older. */
  get(key: Key): Promise<Value | undefined> {
    const waiting = this.#waiting.get(key) ?? Promise.withResolvers<Value | undefined>();
    this.#waiting.set(key, waiting);
    if (!this.#running) void this.#work();
    return waiting.promise;
  }

  async #work(): Promise<void> {
    this.#running = true;
    // What comes in the same turn of the event loop goes along.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const startMs = this.#clock.monotonicMs();
      const part = [...this.#waiting].slice(0, this.#maxKeys);
      for (const [key] of part) this.#waiting.delete(key);
      await this.#ask(part);
      const leftMs = this.#spacingMs - (this.#clock.monotonicMs() - startMs);
      if (part.length >= MANY && leftMs > 0 && this.#waiting.size < this.#maxKeys) await this.#clock.sleep(leftMs);
    }
    this.#running = false;
  }

  async #ask(part: readonly (readonly [Key, PromiseWithResolvers<Value | undefined>])[]): Promise<void> {
    try {
      const found = await this.#load(part.map(([key]) => key));
      for (const [key, { resolve }] of part) resolve(found.get(key));
    } catch (error) {
      for (const [, { reject }] of part) reject(error);
    }
  }
}
