/** Number of single-character edits between two words. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The choice that is written most alike. */
export function nearest(word: string, choices: readonly string[]): string {
  return choices.toSorted((a, b) => editDistance(word, a) - editDistance(word, b))[0] ?? "help";
}
