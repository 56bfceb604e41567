import { AppError } from "../../core/error.ts";
import type { EventDb, EventPart } from "../stores/contract.ts";
import type { RuntimeEventRow } from "../stores/runtime-event-row.ts";

/** A store that refuses this many rows, and has taken none, refuses what is not the rows' fault. */
const SUSPECT = 32;

/**
 * Inserts; rows the store says do not fit are searched for by halves, so that the others are kept. Resolves with those it refused.
 * Rejects with AppError `unavailable` when it refuses everything: no event is given up for a table that has changed.
 */
export async function insertRows(
  events: EventDb,
  batches: readonly EventPart[],
  onRefused: (row: RuntimeEventRow, message: string) => void,
): Promise<ReadonlySet<RuntimeEventRow>> {
  const refused = new Set<RuntimeEventRow>();
  let taken = 0;
  const rows = batches.flatMap((batch) => batch.rows);
  const parts: (readonly RuntimeEventRow[])[] = rows.length > 0 ? [rows] : [];
  for (let part = parts.shift(); part; part = parts.shift()) {
    try {
      await events.insert("runtime_events", part, part === rows ? batches : undefined);
      taken += part.length;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
      if (part.length === 1) {
        refused.add(part[0]!);
        if (refused.size >= SUSPECT && taken === 0)
          throw new AppError("unavailable", `The event store refuses every row: ${error.message}`, {
            cause: error,
            retryAfterSecs: 2,
            hint: "Compare the columns of runtime_events with the Console's migrations: somebody has changed the table.",
          });
        onRefused(part[0]!, error.message);
      } else {
        const middle = part.length >> 1;
        parts.unshift(part.slice(0, middle), part.slice(middle));
      }
    }
  }
  return refused;
}
