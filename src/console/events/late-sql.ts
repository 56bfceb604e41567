import { isUuid } from "../../core/ids.ts";

/** From `sinceMs` (by the Console) on, a sensor's clock was ahead by so much; behind, when negative. */
export interface ClockChange {
  readonly sensorId: string;
  readonly sinceMs: number;
  readonly aheadMs: number;
}

/**
 * Changes of the clocks of a tenant's sensors, or of these alone, each sensor's in order of time. A sensor that is not among them has the
 * right time.
 */
export type ClockChanges = (tenantId: string, sensorIds?: readonly string[]) => Promise<readonly ClockChange[]>;

/** What comes later than this was kept in a sensor's queue meanwhile. */
const LATE_MS = 120_000;
/** A change is known by the next heartbeat: what came so long before it is judged by either clock, whichever has it come sooner. */
const UNSURE_MS = 60_000;

/** From `sinceMs` on, a sensor's events are judged by a clock that is so much ahead. */
interface Step {
  readonly sinceMs: number;
  readonly aheadMs: number;
}

/**
 * A condition on rows of `runtime_events`. An event is late when it reached the Console long after the sensor made it. It bears the time of
 * the sensor's clock: by how much that was off when the event came is taken off. The changes stand in the query itself, since addresses hold
 * no thousands of parameters; nothing but ids and whole numbers gets in.
 */
export function isLateSql(changes: readonly ClockChange[]): string {
  const came = "toUnixTimestamp64Milli(ingested_at)";
  const delay = `${came} - intDiv(toUnixTimestamp64Micro(observed_at), 1000)`;
  const steps = stepsOf(changes);
  if (steps.size === 0) return `${delay} > ${LATE_MS}`;
  const ids = `[${[...steps.keys()].map((id) => `'${id}'`).join(",")}]`;
  // The first place is that of everybody else.
  const place = `transform(toString(sensor_id), ${ids}, range(2, ${steps.size + 2}), 1) AS clock_place`;
  const lists = (of: (step: Step) => number): string =>
    `CAST([[],${[...steps.values()].map((list) => `[${list.map(of).join(",")}]`).join(",")}] AS Array(Array(Int64)))`;
  const aheads = `arrayElement(${lists((step) => step.aheadMs)}, ${place})`;
  const sinces = `arrayElement(${lists((step) => step.sinceMs)}, clock_place)`;
  // Few rows take the branch, and only they pay for it: a join would be paid by all.
  return `${delay} + if(sensor_id IN ${ids}, arrayLast((ahead, since) -> since <= ${came}, ${aheads}, ${sinces}), 0) > ${LATE_MS}`;
}

/** Steps of each sensor in order of time; before its first, its clock is right. */
function stepsOf(changes: readonly ClockChange[]): Map<string, Step[]> {
  const steps = new Map<string, Step[]>();
  const before = new Map<string, number>();
  for (const { sensorId, sinceMs, aheadMs } of changes) {
    if (!isUuid(sensorId) || !Number.isSafeInteger(sinceMs) || !Number.isSafeInteger(aheadMs))
      throw new RangeError("a change of a clock is not of a sensor, or no whole number of milliseconds");
    const list = steps.get(sensorId) ?? [];
    steps.set(sensorId, list);
    const sooner = Math.min(before.get(sensorId) ?? 0, aheadMs);
    before.set(sensorId, aheadMs);
    if (sinceMs > UNSURE_MS) list.push({ sinceMs: sinceMs - UNSURE_MS, aheadMs: sooner });
    list.push({ sinceMs, aheadMs });
  }
  // Two changes may be closer to each other than a change to its uncertainty.
  for (const list of steps.values()) list.sort((a, b) => a.sinceMs - b.sinceMs);
  return steps;
}
