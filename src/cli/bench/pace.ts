const ROWS = 2_000;
const TIMES = 9;

/**
 * Milliseconds a fixed piece of work takes here and now, median of nine: two runs can only be compared beside what each machine was worth
 * at the time. A core with busy neighbours takes twice as long as the same core alone.
 */
export function paceMs(): number {
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    id: i,
    name: `row-${i}`,
    tags: ["a", "b", String(i % 7)],
    at: i * 1.5,
  }));
  const text = JSON.stringify(rows);
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const startMs = performance.now();
    for (let again = 0; again < 10; again++) JSON.stringify(JSON.parse(text));
    times.push(performance.now() - startMs);
  }
  return times.toSorted((a, b) => a - b)[TIMES >> 1]!;
}
