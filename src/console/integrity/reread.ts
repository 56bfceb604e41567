import { leafOf, leafPrefix, type MissingRange } from "../../core/integrity/chain.ts";
import { gapsOf } from "../losses/gaps.ts";
import type { EventDb } from "../stores/contract.ts";
import { MAX_BLOCK_EVENTS, OpenBlock } from "./block.ts";
import { readEvents, readMissing, type ChainKey } from "./store.ts";

/** What is missing without anybody saying why. */
const UNACCOUNTED = { stage: "store", cause: "unaccounted" } as const;

/** A block made from what the stores hold of a range of numbers. */
export interface Reread {
  readonly block: OpenBlock;
  /** Numbers that are neither an event nor in the loss ledger. */
  readonly unaccounted: number;
}

/** Makes the first block of a range from the stores: it ends with the range, or earlier when there is more than a block takes. */
export async function rereadBlock(
  events: EventDb,
  chain: ChainKey,
  from: number,
  to: number,
  openedMs: number,
): Promise<Reread> {
  const rows = await readEvents(events, chain, { from, to, limit: MAX_BLOCK_EVENTS });
  const last = rows.length === MAX_BLOCK_EVENTS ? rows.at(-1)!.seq : to;
  const ledger = await readMissing(events, chain, from, last);
  const reasons = new Map(ledger.map((range, i) => [String(i), range]));
  const missing = ledger.map(({ from_seq, to_seq }, i) => ({ from_seq, to_seq, cause: String(i) }));
  const gaps = gapsOf({
    first: from,
    last,
    cursor: from - 1,
    present: undefined,
    taken: rows.map(({ seq }) => seq),
    rejected: [],
    missing,
  });
  const block = new OpenBlock(from, openedMs);
  block.lastSeq = last;
  const prefix = leafPrefix(chain.sensorId, chain.epoch);
  let unaccounted = 0;
  let next = 0;
  let atUs = rows[0]?.at_us ?? ledger[0]?.at_us ?? openedMs * 1000;
  const eventsBelow = (seq: number): void => {
    for (let row = rows[next]; row && row.seq < seq; row = rows[++next]) {
      atUs = row.at_us;
      const { seq: number, event, raw } = row;
      block.event(number, atUs, () => leafOf(prefix, number, event, raw));
    }
  };
  for (const gap of gaps) {
    eventsBelow(gap.fromSeq);
    const reason = gap.stage === "spool" ? reasons.get(gap.cause) : undefined;
    if (!reason) unaccounted += gap.toSeq - gap.fromSeq + 1;
    const { stage, cause } = reason ?? UNACCOUNTED;
    const range: MissingRange = { from_seq: gap.fromSeq, to_seq: gap.toSeq, stage, cause };
    block.miss(range, reason?.at_us ?? atUs);
  }
  eventsBelow(last + 1);
  return { block, unaccounted };
}
