export interface SpoolRecord {
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** Numbers that were given out and can't be read any more. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
  readonly cause: "spool_full" | "spool_corrupt";
}

/** Numbers from `from` to `to` without a record. Those before `oldest` went because of the limits; other gaps are damage. */
export function missingRanges(
  from: number,
  to: number,
  records: readonly SpoolRecord[],
  oldest: number,
): MissingRange[] {
  const missing: MissingRange[] = [];
  const gap = (first: number, last: number): void => {
    if (first > last) return;
    if (first >= oldest) missing.push({ from: first, to: last, cause: "spool_corrupt" });
    else {
      missing.push({ from: first, to: Math.min(last, oldest - 1), cause: "spool_full" });
      gap(oldest, last);
    }
  };
  let expected = from;
  for (const { seq } of records) {
    gap(expected, seq - 1);
    expected = seq + 1;
  }
  gap(expected, to);
  return missing;
}
