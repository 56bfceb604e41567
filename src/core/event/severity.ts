/** The four severities, mildest first; their index is their rank. */
export const SEVERITIES = ["info", "warning", "high", "critical"] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Rank for comparison: `severityRank("high") > severityRank("info")`. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
