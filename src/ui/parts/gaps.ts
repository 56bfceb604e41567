/** Times in seconds and their values; null is a gap. */
export type GappedData = [number[], ...(number | null)[][]];

/**
 * Series for drawing: where two points lie further apart than `gapMs`, an empty one is put between them; before one that is alone
 * too, since the chart makes up a scale of its own for a single time. Pure.
 */
export function withGaps(atMs: readonly number[], series: readonly (readonly number[])[], gapMs: number): GappedData {
  const out: GappedData = [[], ...series.map((): (number | null)[] => [])];
  if (atMs.length === 1) {
    out[0].push((atMs[0]! - gapMs) / 1000);
    for (let s = 0; s < series.length; s++) (out[s + 1] as (number | null)[]).push(null);
  }
  atMs.forEach((at, i) => {
    const before = atMs[i - 1];
    if (before !== undefined && at - before > gapMs) {
      out[0].push((before + 1) / 1000);
      for (let s = 0; s < series.length; s++) (out[s + 1] as (number | null)[]).push(null);
    }
    out[0].push(at / 1000);
    series.forEach((values, s) => (out[s + 1] as (number | null)[]).push(values[i] ?? null));
  });
  return out;
}

/** Indexes of values with no neighbour to draw a line to; pure. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const has = (i: number): boolean => values[i] !== null && values[i] !== undefined;
  return Array.from({ length: values.length }, (_, i) => i).filter((i) => has(i) && !has(i - 1) && !has(i + 1));
}
