import { chance } from "../mix.ts";

export interface ScheduleOptions {
  readonly seed: number;
  readonly index: number;
  /** Events a second. */
  readonly rate: number;
  readonly burst: { readonly probability: number; readonly size: number };
}

/** When a sensor's events happen: a pure function of the seed, so that counts and times can be made again. */
export class Schedule {
  readonly #o: ScheduleOptions;
  readonly #phase: number;
  /** Bursts so far: second, and number of the first event of each. */
  readonly #seconds: number[] = [];
  readonly #firsts: number[] = [];
  #looked = 0;

  constructor(options: ScheduleOptions) {
    this.#o = options;
    this.#phase = chance(options.seed, options.index, 11);
  }

  #base(ms: number): number {
    return Math.floor((this.#o.rate * ms) / 1000 + this.#phase);
  }

  /** Events that have happened after so many milliseconds. */
  count(ms: number): number {
    if (ms <= 0) return 0;
    const { seed, index, burst } = this.#o;
    if (burst.probability > 0)
      for (const end = Math.floor(ms / 1000); this.#looked < end;) {
        const second = ++this.#looked;
        if (chance(seed, index, 12, second) >= burst.probability) continue;
        this.#firsts.push(this.#base(second * 1000) + this.#seconds.length * burst.size + 1);
        this.#seconds.push(second);
      }
    let bursts = this.#seconds.length;
    while (bursts > 0 && this.#seconds[bursts - 1]! * 1000 > ms) bursts--;
    return this.#base(ms) + bursts * burst.size;
  }

  /** Microseconds from the start to event `seq` (from 1), which must have been counted. */
  timeUs(seq: number): number {
    const { rate, burst } = this.#o;
    let bursts = this.#firsts.length;
    while (bursts > 0 && this.#firsts[bursts - 1]! > seq) bursts--;
    if (bursts > 0) {
      const into = seq - this.#firsts[bursts - 1]!;
      if (into < burst.size) return this.#seconds[bursts - 1]! * 1_000_000 + into;
    }
    return Math.max(0, Math.round(((seq - bursts * burst.size - this.#phase) / rate) * 1_000_000));
  }
}
