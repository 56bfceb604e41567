import type { EventRows } from "../rows/contract.ts";
import { PlainRows } from "../rows/plain-rows.ts";
import type { EventDb } from "../stores/contract.ts";
import type { Entry } from "./commit.ts";
import type { Lane } from "./lanes.ts";
import type { SeqRanges } from "./seq-ranges.ts";
import { findStored } from "./store-ranges.ts";

/**
 * What of each batch is to be inserted: all of it, or of one whose insert failed before, what is not stored all the same. Rejects when
 * the store does not answer.
 */
export async function unstoredOf(events: EventDb, group: readonly Entry[]): Promise<EventRows[]> {
  const stored = new Map<Lane, SeqRanges | undefined>();
  const lanes = [...new Set(group.filter((entry) => entry.unsure).map((entry) => entry.lane))];
  const found = await findStored(
    events,
    lanes.map((lane) => ({ ...lane, cursor: lane.durableSeq })),
  );
  for (const [i, lane] of lanes.entries()) stored.set(lane, found[i]);
  return group.map((entry) => {
    const had = entry.unsure ? stored.get(entry.lane) : undefined;
    if (had === undefined) return entry.events;
    const rows = entry.events.rows().filter((row) => !had.has(row.seq));
    return rows.length === entry.events.count ? entry.events : new PlainRows(rows);
  });
}
