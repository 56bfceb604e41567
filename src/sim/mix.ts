/** A 32-bit hash of a seed and numbers: the same on every machine, so that what is made from it can be made again. */
export function mix(seed: number, ...parts: readonly number[]): number {
  let h = (seed ^ 0x9e3779b9) >>> 0;
  for (const part of parts) {
    h = Math.imul(h ^ (part >>> 0), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) >>> 0;
  }
  return h;
}

/** The same in [0, 1). */
export function chance(seed: number, ...parts: readonly number[]): number {
  return mix(seed, ...parts) / 2 ** 32;
}

/** 16 hex digits, as an epoch or a start id has them. */
export function hex16(seed: number, ...parts: readonly number[]): string {
  const word = (n: number): string =>
    mix(seed, ...parts, n)
      .toString(16)
      .padStart(8, "0");
  return word(1) + word(2);
}
