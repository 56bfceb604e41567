import type { PressureLimits } from "./pressure.ts";

export interface CommitOptions extends PressureLimits {
  /** Batches are gathered this long at least. */
  readonly gatherMs: number;
  /** And longer, up to this, the longer inserts take: a small one costs the engine as much as a large one, and its merges more. */
  readonly maxGatherMs: number;
  readonly maxGroupRows: number;
  /** Inserts at once: the next is prepared, and begun, while one waits for its disk. */
  readonly maxInserts: number;
  readonly probeMs: number;
}

export const COMMIT_OPTIONS: CommitOptions = {
  gatherMs: 100,
  maxGatherMs: 500,
  maxGroupRows: 25_000,
  maxInserts: 2,
  maxPendingRows: 160_000,
  maxPendingBytes: 384 * 1024 * 1024,
  probeMs: 1_000,
};
