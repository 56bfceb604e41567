import type { Condition, TimeRange } from "./filter.ts";
import type { BucketRow } from "./store.ts";

/** Events are counted by stretches of this length, beforehand; `by_slot` of the event table has the same. */
export const SLOT_SECS = 300;
const SLOT_US = SLOT_SECS * 1e6;
/** Counts of severities only are kept: what else a filter asks for is counted from the events themselves. */
const SEVERITY = "severity";

/** A range as whole slots and what stands before and behind them. */
export interface SlottedRange {
  readonly whole: TimeRange;
  readonly edges: readonly TimeRange[];
}

/** Cuts a range at slots when its histogram can be made of them: steps of whole slots, and at least one of them. */
export function cutAtSlots(range: TimeRange, stepSecs: number): SlottedRange | undefined {
  if (stepSecs % SLOT_SECS !== 0) return undefined;
  const fromUs = Math.ceil(range.fromUs / SLOT_US) * SLOT_US;
  const toUs = Math.floor(range.toUs / SLOT_US) * SLOT_US;
  if (fromUs >= toUs) return undefined;
  const edges = [
    { fromUs: range.fromUs, toUs: fromUs },
    { fromUs: toUs, toUs: range.toUs },
  ];
  return { whole: { fromUs, toUs }, edges: edges.filter((edge) => edge.fromUs < edge.toUs) };
}

/** Severities a filter of nothing else lets through, all of them as undefined; false when it asks for more than that. */
export function severitiesOf(conditions: readonly Condition[]): ReadonlySet<string> | undefined | false {
  let severities: ReadonlySet<string> | undefined;
  for (const condition of conditions) {
    if (condition.op !== "in" || condition.column !== SEVERITY) return false;
    severities = new Set(condition.values);
  }
  return severities;
}

/** Rows of the same bucket become one; in order of time. */
export function sumBuckets(parts: readonly (readonly BucketRow[])[]): BucketRow[] {
  const sums = new Map<number, BucketRow>();
  for (const row of parts.flat()) {
    const had = sums.get(row.bucket);
    sums.set(
      row.bucket,
      had
        ? {
            bucket: row.bucket,
            info: had.info + row.info,
            warning: had.warning + row.warning,
            high: had.high + row.high,
            critical: had.critical + row.critical,
            late: had.late + row.late,
          }
        : row,
    );
  }
  return [...sums.values()].toSorted((a, b) => a.bucket - b.bucket);
}

/** Slots (seconds since 1970, ascending) in groups that span at most `spanSecs`, the newest group first. */
export function groupSlots(slots: readonly number[], spanSecs: number): number[][] {
  const groups: number[][] = [];
  for (const slot of slots.toReversed()) {
    const last = groups.at(-1);
    if (last && last[0]! - slot < spanSecs) last.push(slot);
    else groups.push([slot]);
  }
  return groups.map((group) => group.toReversed());
}
