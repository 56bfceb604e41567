import { severityRank, type Severity } from "../../core/event/severity.ts";

interface Item<T> {
  readonly order: number;
  readonly value: T;
}

/**
 * Keeps a fair sample of a stream in bounded room: when it is full, milder items make way for more severe ones, and among equally
 * severe ones every item has the same chance. What was passed over is counted.
 */
export class Sample<T> {
  readonly #random: () => number;
  readonly #kept: Item<T>[][] = [[], [], [], []];
  readonly #seen = [0, 0, 0, 0];
  #order = 0;
  #size = 0;
  #passedOver = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#size;
  }

  get passedOver(): number {
    return this.#passedOver;
  }

  /** Offers one item while there is room for `room` in all; it is made only when it is kept. */
  offer(make: () => T, severity: Severity, room: number): void {
    const rank = severityRank(severity);
    const order = this.#order++;
    const item = (): Item<T> => ({ order, value: make() });
    const seen = ++this.#seen[rank]!;
    if (this.#size < room) {
      this.#kept[rank]!.push(item());
      this.#size++;
      return;
    }
    this.#passedOver++;
    const mildest = this.#kept.findIndex((items) => items.length > 0);
    if (mildest < 0 || mildest > rank) return;
    const items = this.#kept[mildest]!;
    if (mildest === rank) {
      const at = Math.floor(this.#random() * seen);
      if (at < items.length) items[at] = item();
      return;
    }
    items[Math.floor(this.#random() * items.length)] = items.at(-1)!;
    items.pop();
    this.#kept[rank]!.push(item());
  }

  /** Counts items that were never offered. */
  pass(count: number): void {
    this.#passedOver += count;
  }

  /** Empties it: what was kept, in the order it came, and how many were passed over since the last time. */
  take(): { values: T[]; passedOver: number } {
    const values = this.#kept
      .flat()
      .toSorted((a, b) => a.order - b.order)
      .map((item) => item.value);
    const passedOver = this.#passedOver;
    for (const items of this.#kept) items.length = 0;
    this.#seen.fill(0);
    this.#size = 0;
    this.#passedOver = 0;
    return { values, passedOver };
  }
}
