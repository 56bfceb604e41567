/** From, to: both included. */
export type SeqRange = readonly [from: number, to: number];

/** A set of sequence numbers as ranges, in order and apart: as exact as a set of numbers, however many there are. */
export class SeqRanges {
  #ranges: SeqRange[];

  /** `ranges` in any order; those that touch or overlap become one. */
  constructor(ranges: Iterable<SeqRange>) {
    this.#ranges = [];
    for (const [from, to] of [...ranges].toSorted((a, b) => a[0] - b[0])) {
      const last = this.#ranges.at(-1);
      if (last && from <= last[1] + 1) this.#ranges[this.#ranges.length - 1] = [last[0], Math.max(last[1], to)];
      else this.#ranges.push([from, to]);
    }
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  has(seq: number): boolean {
    const range = this.#ranges[this.#indexOf(seq)];
    return range !== undefined && range[0] <= seq;
  }

  /** What of it lies between two numbers, both included. */
  between(from: number, to: number): SeqRange[] {
    const found: SeqRange[] = [];
    for (let i = this.#indexOf(from); i < this.#ranges.length && this.#ranges[i]![0] <= to; i++) {
      const [start, end] = this.#ranges[i]!;
      found.push([Math.max(start, from), Math.min(end, to)]);
    }
    return found;
  }

  /** Forgets everything up to a number. */
  dropTo(seq: number): void {
    const index = this.#indexOf(seq + 1);
    this.#ranges.splice(0, index);
    const first = this.#ranges[0];
    if (first && first[0] <= seq) this.#ranges[0] = [seq + 1, first[1]];
  }

  /** The first range that ends at a number or behind it. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ranges[middle]![1] < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
