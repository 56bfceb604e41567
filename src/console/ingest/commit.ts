import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventDb } from "../stores/contract.ts";
import type { RuntimeEventRow, StoredEvent } from "../stores/runtime-event-row.ts";
import type { Lane } from "./lanes.ts";
import { soundRow } from "./sound-row.ts";
import type { LossRow } from "./store.ts";

/** A checked batch on its way to the store. */
export interface Commit {
  readonly lane: Lane;
  readonly laneName: LaneName;
  readonly events: readonly StoredEvent[];
  readonly losses: readonly LossRow[];
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A batch whose rows are durable, as they were stored; `losses` holds what the store refused of them too. */
export interface DurableCommit extends Commit {
  readonly rows: readonly RuntimeEventRow[];
  readonly refused: readonly RejectedEvent[];
}

/** A batch that waits for its insert. */
export interface Entry extends Commit {
  readonly sensorId: string;
  readonly rows: readonly RuntimeEventRow[];
  readonly encoded: Uint8Array | undefined;
  readonly losses: LossRow[];
  readonly bytes: number;
  readonly cost: number;
  readonly refused: RejectedEvent[];
  readonly resolve: (refused: readonly RejectedEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What a row costs in memory beside its longer texts, which are there twice: in the event and in its JSON. */
const ROW_OVERHEAD_BYTES = 1_500;
/** A group is bounded in rows; batches of larger ones count as if they had more. */
const COST_BYTES = 4_096;
/** Smaller batches are encoded together, when their group is. */
const ENCODE_ROWS = 200;

/** Makes a batch ready for its insert. */
export function makeEntry(commit: Commit, events: EventDb, resolve: Entry["resolve"], reject: Entry["reject"]): Entry {
  const rows = commit.events.map(soundRow);
  // While its texts are at hand: later they would have to be fetched from memory again.
  const encoded = rows.length >= ENCODE_ROWS ? events.encodeEvents?.(rows) : undefined;
  let bytes = encoded?.length ?? 0;
  for (const row of rows) bytes += 2 * (row.event.length + row.raw.length) + ROW_OVERHEAD_BYTES;
  const cost = Math.max(rows.length, Math.ceil(bytes / COST_BYTES));
  const { sensorId } = commit.lane;
  return { ...commit, sensorId, rows, encoded, losses: [...commit.losses], bytes, cost, refused: [], resolve, reject };
}
