import type { Db } from "../stores/contract.ts";
import type { ClockChanges } from "./late-sql.ts";

/**
 * So many changes go into a query, each sensor's last one first. With more, what is passed over is the oldest: of sensors whose clocks moved
 * more than once, and, where more sensors than this are off, the one change of those that have been so for longest.
 */
const MAX_CHANGES = 1_000;

/** What heartbeats told of the clocks of sensors. */
export function createClockChanges(db: Db): ClockChanges {
  return async (tenantId) => {
    const rows = await db.tenant(
      tenantId,
      (tx) => tx<{ sensor_id: string; since: string; ahead: string }[]>`
        SELECT sensor_id, change ->> 0 AS since, change ->> 1 AS ahead
        FROM sensors, jsonb_array_elements(clock_changes) WITH ORDINALITY AS c (change, n)
        WHERE clock_changes <> '[]'::jsonb
        ORDER BY jsonb_array_length(clock_changes) - n, (change ->> 0)::bigint DESC LIMIT ${MAX_CHANGES}`,
    );
    return rows
      .map((row) => ({ sensorId: row.sensor_id, sinceMs: Number(row.since), aheadMs: Number(row.ahead) }))
      .toSorted((a, b) => a.sinceMs - b.sinceMs);
  };
}
