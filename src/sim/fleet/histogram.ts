/** Buckets grow by 5 %, from a tenth of a millisecond to a quarter of an hour. */
const GROWTH = Math.log(1.05);
const BUCKETS = 330;

/** Times in milliseconds, kept as counts: small, and two can be added. */
export class Histogram {
  readonly counts: number[];
  max: number;

  constructor(from?: { readonly counts: readonly number[]; readonly max: number }) {
    this.counts = from ? [...from.counts] : Array<number>(BUCKETS).fill(0);
    this.max = from?.max ?? 0;
  }

  add(ms: number): void {
    const bucket = Math.round(Math.log(Math.max(0.1, ms) / 0.1) / GROWTH);
    this.counts[Math.min(BUCKETS - 1, bucket)]!++;
    this.max = Math.max(this.max, ms);
  }

  merge(other: { readonly counts: readonly number[]; readonly max: number }): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i] ?? 0;
    this.max = Math.max(this.max, other.max);
  }

  /** What was added since it was as it was then. */
  since(then: { readonly counts: readonly number[] }): Histogram {
    return new Histogram({ counts: this.counts.map((count, i) => count - (then.counts[i] ?? 0)), max: this.max });
  }

  get count(): number {
    return this.counts.reduce((a, b) => a + b, 0);
  }

  /** The quantile in milliseconds to within 5 %; 0 when nothing was added. */
  quantile(q: number): number {
    let left = Math.ceil(this.count * q);
    if (left === 0) return 0;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.counts[i]!;
      if (left <= 0) return Math.min(this.max, 0.1 * Math.exp(i * GROWTH));
    }
    return this.max;
  }
}
