import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventRows } from "../rows/contract.ts";
import type { Lane } from "./lanes.ts";
import type { LossRow } from "./store.ts";

/** A checked batch on its way to the store. */
export interface Commit {
  readonly lane: Lane;
  readonly laneName: LaneName;
  readonly events: EventRows;
  readonly losses: readonly LossRow[];
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A batch whose rows are durable; `losses` holds what the store refused of them too. */
export interface DurableCommit extends Commit {
  readonly refused: readonly RejectedEvent[];
}

/** A batch that waits for its insert. */
export interface Entry extends Commit {
  readonly sensorId: string;
  readonly losses: LossRow[];
  readonly bytes: number;
  readonly cost: number;
  readonly refused: RejectedEvent[];
  readonly resolve: (refused: readonly RejectedEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A group is bounded in rows; batches of larger ones count as if they had more. */
const COST_BYTES = 4_096;
/** Makes a batch ready for its insert. */
export function makeEntry(commit: Commit, resolve: Entry["resolve"], reject: Entry["reject"]): Entry {
  const { bytes, count } = commit.events;
  const cost = Math.max(count, Math.ceil(bytes / COST_BYTES));
  const { sensorId } = commit.lane;
  return { ...commit, sensorId, losses: [...commit.losses], bytes, cost, refused: [], resolve, reject };
}
