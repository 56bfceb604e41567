import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventRows } from "../rows/contract.ts";
import type { Lane } from "./lanes.ts";
import type { Weight } from "./pressure.ts";
import type { LossRow } from "./store.ts";

/** A checked batch on its way to the store. */
export interface Commit {
  readonly lane: Lane;
  readonly laneName: LaneName;
  readonly events: EventRows;
  readonly losses: readonly LossRow[];
  /** Events that do not fit: of each its reason is held until the batch is answered. */
  readonly rejected: number;
  /** Whoever sent it waits for the answer however long it takes, and holds no batch behind it back meanwhile. */
  readonly patient: boolean;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A batch whose rows are durable; `losses` holds what the store refused of them too. */
export interface DurableCommit extends Omit<Commit, "rejected" | "patient"> {
  readonly refused: readonly RejectedEvent[];
}

/** A batch that waits for its insert. */
export interface Entry extends Commit {
  readonly sensorId: string;
  readonly losses: LossRow[];
  readonly weight: Weight;
  readonly cost: number;
  readonly refused: RejectedEvent[];
  /** An insert of it failed, and may have happened all the same. */
  unsure: boolean;
  readonly resolve: (refused: readonly RejectedEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A group is bounded in rows; batches of larger ones count as if they had more. */
const COST_BYTES = 4_096;
/** What a row of the ledger takes, with what its insert makes of it; and the reason why an event is refused. About. */
const LOSS_BYTES = 1_000;
const REASON_BYTES = 300;

/** Makes a batch ready for its insert. What it has of losses and refused events weighs as events do: none of it costs nothing. */
export function makeEntry(commit: Commit, resolve: Entry["resolve"], reject: Entry["reject"]): Entry {
  const { events, losses, rejected } = commit;
  const rows = events.count + losses.length + rejected;
  const bytes = events.bytes + losses.length * LOSS_BYTES + rejected * REASON_BYTES;
  const cost = Math.max(1, rows, Math.ceil(bytes / COST_BYTES));
  const { sensorId } = commit.lane;
  const weight = { rows, bytes };
  return { ...commit, sensorId, losses: [...losses], weight, cost, refused: [], unsure: false, resolve, reject };
}
