import { Histogram } from "./histogram.ts";

export const COUNTERS = [
  "connects",
  "disconnects",
  "connectFailures",
  "refused",
  "heartbeats",
  "heartbeatFailures",
  "inventories",
  "inventoryFailures",
  "framesSent",
  "bytesSent",
  "rejected",
  "badAcks",
  "refreshes",
  "rogueActs",
] as const;
export type Counter = (typeof COUNTERS)[number];

/** What a fleet, or a part of it, has counted. */
export class Tally {
  readonly counts: Record<Counter, number>;
  readonly heartbeatMs: Histogram;
  readonly ackMs: Histogram;
  readonly connectMs: Histogram;
  /** Why connections ended, and how often. */
  readonly reasons: Record<string, number>;

  constructor(from?: Pick<Tally, "counts" | "heartbeatMs" | "ackMs" | "connectMs" | "reasons">) {
    this.counts = from
      ? { ...from.counts }
      : (Object.fromEntries(COUNTERS.map((c) => [c, 0])) as Record<Counter, number>);
    this.heartbeatMs = new Histogram(from?.heartbeatMs);
    this.ackMs = new Histogram(from?.ackMs);
    this.connectMs = new Histogram(from?.connectMs);
    this.reasons = { ...from?.reasons };
  }

  reason(why: string): void {
    const key = why.slice(0, 80);
    // Bounded: a Console that makes up a new reason each time must not fill this.
    if (key in this.reasons || Object.keys(this.reasons).length < 50) this.reasons[key] = (this.reasons[key] ?? 0) + 1;
  }

  merge(other: Tally): void {
    for (const counter of COUNTERS) this.counts[counter] += other.counts[counter];
    this.heartbeatMs.merge(other.heartbeatMs);
    this.ackMs.merge(other.ackMs);
    this.connectMs.merge(other.connectMs);
    for (const [why, count] of Object.entries(other.reasons)) this.reasons[why] = (this.reasons[why] ?? 0) + count;
  }
}
