import { AppError } from "../../core/error.ts";
import { encodeRuntimeEvents } from "../stores/runtime-event-block.ts";
import type { RuntimeEventRow } from "../stores/runtime-event-row.ts";
import type { EventRows } from "./contract.ts";
import { useRowProgram } from "./make-rows.ts";
import type { Run } from "./origin-columns.ts";
import { PackedRows } from "./packed-rows.ts";
import { OUTCOME, type RowProgram } from "./program.ts";

/** As many as one turn encodes. */
const PLAIN_ROWS = 500;

/** They were checked when they came. */
const ANY = { previousSeq: 0, firstSeq: 0, lastSeq: Infinity, fromUs: 0, toUs: Infinity };

/** Rows that wait for their block: of one part, from a byte on. */
class Rest {
  readonly rows: PackedRows;
  #at = 0;
  #left: number;

  constructor(rows: PackedRows) {
    this.rows = rows;
    this.#left = rows.parts.events.length;
  }

  /** Adds what fits to a block of `before` rows; gives how many it has then, or undefined when it is full before all are in. */
  addTo(program: RowProgram, before: number, runs: Run[]): number | undefined {
    const { events, seqs, origin, ingestedAtMs } = this.rows.parts;
    const bytes = this.#at === 0 ? events.bytes : events.bytes.subarray(this.#at);
    const added = program.add(bytes, this.#left, { ...ANY, cursor: seqs[0]! - 1 });
    if (added.outcome === OUTCOME.notPlain)
      throw new AppError("internal", "rows that were read once cannot be read again");
    this.#at += added.bytes;
    this.#left -= added.events;
    if (added.rows > before) runs.push({ origin, ingestedAtMs, rows: added.rows - before });
    return this.#left > 0 ? undefined : added.rows;
  }
}

/** Takes parts off `waiting` until a block is full; gives the block. */
function nextBlock(waiting: Rest[]): Uint8Array {
  return useRowProgram((program) => {
    const runs: Run[] = [];
    let rows: number | undefined = 0;
    program.begin();
    for (let rest = waiting[0]; rest && rows !== undefined; rest = waiting[0]) {
      rows = rest.addTo(program, rows, runs);
      if (rows !== undefined) waiting.shift();
    }
    return program.finish(runs);
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The body of an insert: what is encoded already, and what is not in blocks between; others have their turn meanwhile. Throws RangeError
 * when a number of a plain row does not fit its column.
 */
export async function encodeParts(parts: readonly EventRows[]): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  const plain: RuntimeEventRow[] = [];
  const packed: Rest[] = [];
  const encodePlain = async (): Promise<void> => {
    for (let at = 0; at < plain.length; at += PLAIN_ROWS) {
      pieces.push(encodeRuntimeEvents(plain.slice(at, at + PLAIN_ROWS)));
      await turn();
    }
    plain.length = 0;
  };
  const encodePacked = async (): Promise<void> => {
    while (packed.length > 0) {
      pieces.push(nextBlock(packed));
      await turn();
    }
  };
  for (const part of parts) {
    if (part.count === 0) continue;
    if (part.encoded) pieces.push(part.encoded);
    else if (part instanceof PackedRows) packed.push(new Rest(part));
    else for (const row of part.rows()) plain.push(row);
  }
  await encodePlain();
  await encodePacked();
  return Buffer.concat(pieces);
}
