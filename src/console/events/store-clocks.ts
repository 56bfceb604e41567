import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Db } from "../stores/contract.ts";
import type { ClockChanges } from "./late-sql.ts";

/**
 * So many changes go into a query: those of a fleet of 10,000 whose Console had the wrong time, and set it. Each sensor's last one goes
 * first, then what came before it. Beyond, what is passed over is the oldest changes of clocks that moved more than once and, where more
 * sensors than this are off, all of those that have been so for longest: these count as right.
 */
const MAX_CHANGES = 20_000;

/** What heartbeats told of the clocks of sensors. What a query has to leave out is counted and, once, logged. */
export function createClockChanges(deps: { db: Db; metrics: Metrics; log: Log; max?: number }): ClockChanges {
  const { db, max = MAX_CHANGES } = deps;
  const log = deps.log.child("clocks");
  const passedOver = deps.metrics.counter(
    "telovix_console_clock_changes_passed_over_total",
    "Changes of sensors' clocks that a count of late events left out, being too many",
  );
  const told = new Set<string>();
  return async (tenantId, sensorIds) => {
    const only = sensorIds ? [...sensorIds] : null;
    const rows = await db.tenant(
      tenantId,
      (tx) => tx<{ sensor_id: string; since: string; ahead: string; total: string }[]>`
        SELECT sensor_id, change ->> 0 AS since, change ->> 1 AS ahead, count(*) OVER () AS total
        FROM sensors, jsonb_array_elements(clock_changes) WITH ORDINALITY AS c (change, n)
        WHERE clock_changes <> '[]'::jsonb AND (${only}::uuid[] IS NULL OR sensor_id = ANY(${only}::uuid[]))
        ORDER BY jsonb_array_length(clock_changes) - n, (change ->> 0)::bigint DESC LIMIT ${max}`,
    );
    const left = Number(rows[0]?.total ?? 0) - rows.length;
    if (left > 0) {
      passedOver(left);
      if (!told.has(tenantId))
        log.warn("too many clocks are wrong to tell of all of them what came late", {
          tenant: tenantId,
          passed_over: left,
        });
      told.add(tenantId);
    } else if (!only) told.delete(tenantId);
    return rows
      .map((row) => ({ sensorId: row.sensor_id, sinceMs: Number(row.since), aheadMs: Number(row.ahead) }))
      .toSorted((a, b) => a.sinceMs - b.sinceMs);
  };
}
