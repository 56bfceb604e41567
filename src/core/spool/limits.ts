/** What a spool may hold, and how it is divided into segments. */
export interface SpoolLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  /** Events of a segment; a 32nd of `maxEvents` unless given. */
  readonly segmentEvents?: number;
  /** Longest time an acknowledgement stays in memory only. A lost one costs a re-send, nothing else. */
  readonly ackDelayMs: number;
}

export const DEFAULT_SPOOL_LIMITS: SpoolLimits = {
  maxEvents: 100_000,
  maxBytes: 256 * 1024 * 1024,
  segmentBytes: 4 * 1024 * 1024,
  ackDelayMs: 5_000,
};

/** Events of a segment: what is given up when the spool is full is a small part of it. */
export function segmentEventsOf({ segmentEvents, maxEvents }: SpoolLimits): number {
  return segmentEvents ?? Math.max(1, Math.floor(maxEvents / 32));
}
