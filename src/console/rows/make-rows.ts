import { leafOf, leafPrefix } from "../../core/integrity/chain.ts";
import type { EventOrigin } from "../stores/runtime-event-row.ts";
import { unpackMsgpack } from "../http/msgpack.ts";
import type { PackedEvents } from "./packed-events.ts";
import { LEAF_BYTES, PackedRows } from "./packed-rows.ts";
import { OUTCOME, RowProgram, type Bounds } from "./program.ts";

/** Smaller batches are encoded together, when their group is. */
const ENCODE_ROWS = 200;

/** What became of the events of a frame. */
export interface MadeRows {
  readonly rows: PackedRows;
  /** How many were had already. */
  readonly had: number;
  /** Those that tell of a loss, as objects. */
  readonly losses: readonly unknown[];
}

let program: RowProgram | undefined;

/** Runs the row program, one for the whole process: each use is over before another begins. After a trap the next use has a new one. */
export function useRowProgram<T>(use: (rows: RowProgram) => T): T {
  program ??= new RowProgram();
  try {
    return use(program);
  } catch (error) {
    program = undefined;
    throw error;
  }
}

/** Reads the program and makes it ready: at the start, not under the first frame. */
export function prepareRows(): void {
  useRowProgram((rows) => rows.begin());
}

function make(
  rows: RowProgram,
  events: PackedEvents,
  source: { readonly origin: EventOrigin; readonly ingestedAtMs: number },
  bounds: Bounds,
): MadeRows | undefined {
  const { origin, ingestedAtMs } = source;
  const prefix = leafPrefix(origin.sensorId, origin.epoch);
  const [seqs, times] = [new Float64Array(events.length), new Float64Array(events.length)];
  const leaves = new Uint8Array(events.length * LEAF_BYTES);
  const ranks = new Uint8Array(events.length);
  const blocks: Uint8Array[] = [];
  const losses: unknown[] = [];
  let [count, had, at, left, previousSeq] = [0, 0, 0, events.length, bounds.previousSeq];
  while (left > 0) {
    rows.begin();
    const rest = at === 0 ? events.bytes : events.bytes.subarray(at);
    const added = rows.add(rest, left, { ...bounds, previousSeq });
    if (added.outcome === OUTCOME.notPlain || added.events === 0) return undefined;
    rows.copySeqs(added.rows, seqs, count);
    rows.copyTimes(added.rows, times, count);
    for (let i = 0; i < added.rows; i++) {
      const row = rows.row(i);
      ranks[count] = row.rank;
      leaves.set(leafOf(prefix, row.seq, row.json, row.raw), count++ * LEAF_BYTES);
      if (row.isLoss) losses.push(unpackMsgpack(rest.subarray(row.at, row.at + row.length)));
    }
    if (added.rows > 0) previousSeq = seqs[count - 1]!;
    if (events.length >= ENCODE_ROWS && added.rows > 0)
      blocks.push(rows.finish([{ origin, ingestedAtMs, rows: added.rows }]));
    had += added.had;
    at += added.bytes;
    left -= added.events;
  }
  if (at !== events.bytes.length) return undefined;
  const encoded = blocks.length === 0 ? undefined : blocks.length === 1 ? blocks[0] : Buffer.concat(blocks);
  const made = {
    origin,
    ingestedAtMs,
    events,
    seqs: count === seqs.length ? seqs : seqs.subarray(0, count),
    times: count === times.length ? times : times.subarray(0, count),
    leaves,
    ranks: ranks.subarray(0, count),
    encoded,
  };
  return { rows: new PackedRows(made), had, losses };
}

/**
 * Makes rows of the events of a frame, if all of them are plainly right. Undefined when one is not, or may not be: then they are to be
 * looked at one by one.
 */
export function makeRows(
  events: PackedEvents,
  source: { readonly origin: EventOrigin; readonly ingestedAtMs: number },
  bounds: Bounds,
): MadeRows | undefined {
  try {
    return useRowProgram((rows) => make(rows, events, source, bounds));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return undefined;
    throw error;
  }
}
