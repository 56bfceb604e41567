import { AppError } from "../../core/error.ts";
import type { EventRows } from "../rows/contract.ts";
import { PlainRows } from "../rows/plain-rows.ts";
import type { EventDb } from "../stores/contract.ts";
import type { RuntimeEventRow } from "../stores/runtime-event-row.ts";

/** A store that refuses this many rows, and has taken none, refuses what is not the rows' fault. */
const SUSPECT = 32;

interface Owned {
  readonly part: EventRows;
  readonly row: RuntimeEventRow;
}

/**
 * Inserts; rows the store says do not fit are searched for by halves, so that the others are kept. Resolves with those it refused, by
 * their part. Rejects with AppError `unavailable` when it refuses everything: no event is given up for a table that has changed.
 */
export async function insertRows(
  events: EventDb,
  parts: readonly EventRows[],
  onRefused: (row: RuntimeEventRow, message: string) => void,
): Promise<ReadonlyMap<EventRows, readonly RuntimeEventRow[]>> {
  const refused = new Map<EventRows, RuntimeEventRow[]>();
  try {
    await events.insertEvents(parts);
    return refused;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
  }
  let [taken, given] = [0, 0];
  const all = parts.flatMap((part) => part.rows().map((row): Owned => ({ part, row })));
  const open = all.length > 1 ? halves(all) : [all];
  for (let some = open.shift(); some; some = open.shift()) {
    try {
      await events.insertEvents([new PlainRows(some.map(({ row }) => row))]);
      taken += some.length;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
      if (some.length > 1) {
        open.unshift(...halves(some));
        continue;
      }
      const [{ part, row }] = some as [Owned];
      refused.set(part, [...(refused.get(part) ?? []), row]);
      if (++given >= SUSPECT && taken === 0)
        throw new AppError("unavailable", `The event store refuses every row: ${error.message}`, {
          cause: error,
          retryAfterSecs: 2,
          hint: "Compare the columns of runtime_events with the Console's migrations: somebody has changed the table.",
        });
      onRefused(row, error.message);
    }
  }
  return refused;
}

function halves<T>(all: readonly T[]): T[][] {
  const middle = all.length >> 1;
  return [all.slice(0, middle), all.slice(middle)];
}
