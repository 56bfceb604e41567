import { busy } from "./pressure.ts";

export interface LoaderOptions {
  /** Keys asked for at once. */
  readonly maxKeys: number;
  /** Questions under way at once. */
  readonly maxActive: number;
  /** Keys that may wait; beyond them AppError `unavailable`. */
  readonly maxWaiting: number;
  /** While many come, a question begins so long after the one before it, to be asked for more at once. */
  readonly spacingMs?: number;
  /** Calls back after so many milliseconds; a timer, unless a test turns it by hand. */
  readonly later?: (run: () => void, ms: number) => void;
}

const timer = (run: () => void, ms: number): void => void setTimeout(run, ms).unref();

/** Keys of one question that make the next one wait for more. */
const MANY = 4;

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns many single questions into few large ones: while some are under way, those that come wait together. */
export class Loader<Key, Value> {
  readonly #load: (keys: readonly Key[]) => Promise<readonly Value[]>;
  readonly #options: LoaderOptions;
  readonly #waiting: Waiting<Key, Value>[] = [];
  #active = 0;
  /** The last question was of many, and it is too soon for another. */
  #rests = false;

  /** `load` gives a value for each key, in their order. */
  constructor(load: (keys: readonly Key[]) => Promise<readonly Value[]>, options: LoaderOptions) {
    this.#load = load;
    this.#options = options;
  }

  get(key: Key): Promise<Value> {
    if (this.#waiting.length >= this.#options.maxWaiting)
      return Promise.reject(busy("Too many sensors come back at once.", this.#waiting.length));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      // What comes in the same turn is asked for together.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    const { maxActive, maxKeys, spacingMs } = this.#options;
    if (this.#active >= maxActive || this.#waiting.length === 0) return;
    if (this.#rests && this.#waiting.length < maxKeys) return;
    const part = this.#waiting.splice(0, maxKeys);
    if (spacingMs !== undefined && !this.#rests && part.length >= MANY) this.#rest(spacingMs);
    this.#active++;
    void this.#run(part).finally(() => {
      this.#active--;
      this.#next();
    });
    this.#next();
  }

  #rest(ms: number): void {
    this.#rests = true;
    const { later = timer } = this.#options;
    later(() => {
      this.#rests = false;
      this.#next();
    }, ms);
  }

  async #run(part: readonly Waiting<Key, Value>[]): Promise<void> {
    try {
      const values = await this.#load(part.map(({ key }) => key));
      for (const [i, { resolve }] of part.entries()) resolve(values[i]!);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}
