import { isUuid } from "../../core/ids.ts";

/** From `sinceMs` (by the Console) on, a sensor's clock was ahead by so much; behind, when negative. */
export interface ClockChange {
  readonly sensorId: string;
  readonly sinceMs: number;
  readonly aheadMs: number;
}

/** Changes of the clocks of a tenant's sensors, each sensor's in order of time. A sensor that is not among them has the right time. */
export type ClockChanges = (tenantId: string) => Promise<readonly ClockChange[]>;

/** What comes later than this was kept in a sensor's queue meanwhile. */
const LATE_MS = 120_000;
/** A change is known by the next heartbeat: what came so long before it is judged by either clock, whichever has it come sooner. */
const UNSURE_MS = 60_000;

/** How a query counts events that came late. */
export interface LateCount {
  /** To be joined to `runtime_events AS e`. */
  readonly join: string;
  /** A condition. */
  readonly isLate: string;
}

/**
 * An event is late when it reached the Console long after the sensor made it. It bears the time of the sensor's clock: by how much that
 * was off when the event came is taken off. The changes stand in the query itself, since addresses hold no thousands of parameters;
 * nothing but ids and whole numbers gets in.
 */
export function countLate(changes: readonly ClockChange[]): LateCount {
  const delay = "toUnixTimestamp64Milli(e.ingested_at) - intDiv(toUnixTimestamp64Micro(e.observed_at), 1000)";
  if (changes.length === 0) return { join: "", isLate: `${delay} > ${LATE_MS}` };
  const before = new Map<string, number>();
  const rows = changes.flatMap(({ sensorId, sinceMs, aheadMs }) => {
    const sooner = Math.min(before.get(sensorId) ?? 0, aheadMs);
    before.set(sensorId, aheadMs);
    const row = rowOf(sensorId, sinceMs, aheadMs);
    return sinceMs > UNSURE_MS ? [rowOf(sensorId, sinceMs - UNSURE_MS, sooner), row] : [row];
  });
  const join = `ASOF LEFT JOIN (
      SELECT tupleElement(c, 1) AS clock_of, fromUnixTimestamp64Milli(tupleElement(c, 2), 'UTC') AS clock_since,
        tupleElement(c, 3) AS clock_ahead
      FROM (SELECT arrayJoin([${rows.join(",")}]) AS c)
    ) AS k ON k.clock_of = e.sensor_id AND k.clock_since <= e.ingested_at`;
  return { join, isLate: `${delay} + k.clock_ahead > ${LATE_MS}` };
}

function rowOf(sensorId: string, sinceMs: number, aheadMs: number): string {
  if (!isUuid(sensorId) || !Number.isSafeInteger(sinceMs) || !Number.isSafeInteger(aheadMs))
    throw new RangeError("a change of a clock is not of a sensor, or no whole number of milliseconds");
  return `(toUUID('${sensorId}'),toInt64(${sinceMs}),toInt64(${aheadMs}))`;
}
