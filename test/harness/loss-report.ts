import type { LossReport } from "../../src/core/api/losses.ts";

/** Stage, cause and count of what a report adds up, in order of the first two. */
export function causesOf(report: LossReport): [string, string, number][] {
  return report.totals.causes
    .map(({ stage, cause, count }): [string, string, number] => [stage, cause, count])
    .toSorted((a, b) => (`${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1));
}
