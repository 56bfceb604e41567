import type { EventDb } from "../stores/contract.ts";
import { SeqRanges, type SeqRange } from "./seq-ranges.ts";
import type { LaneKey } from "./store.ts";

/** Numbers looked at as one: those without a gap are told from their count. */
const BUCKET = 65_536;
/** Beyond so many islands of one lane the lowest are known, and of the rest a second delivery is stored again, under the same key. */
const MAX_ISLANDS = 10_000;
/** Asked for in one question. What names them stands in its URL, and a server takes 16 KB of one. */
export const LANES_A_QUESTION = 100;
/** Rows below their cursors that a question may read, over all its lanes: as much work as a question more. */
const ROWS_TO_SPARE = 500_000;

interface Island {
  readonly tenant_id: string;
  readonly sensor_id: string;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
}

/** Of the lane with this number among the parameters. */
export const ofLane = (i: number): string =>
  `tenant_id = {t${i}:UUID} AND sensor_id = {s${i}:UUID} AND epoch = {e${i}:String}`;
const keyOf = (lane: { sensor_id: string; epoch: string }): string => `${lane.sensor_id}/${lane.epoch}`;

/** A lane, and the number above which it is asked for. */
export interface LaneAbove extends LaneKey {
  readonly cursor: number;
}

/**
 * Lanes that are asked for together: all numbers above the lowest cursor of a group are looked at, which the table's index of numbers
 * cuts short, so their cursors are near each other.
 */
export function groupLanes<L extends LaneAbove>(lanes: readonly L[]): L[][] {
  const groups: L[][] = [];
  let [group, spare]: [L[], number] = [[], 0];
  for (const lane of lanes.toSorted((a, b) => a.cursor - b.cursor)) {
    spare += lane.cursor - (group[0]?.cursor ?? lane.cursor);
    if (group.length === 0 || group.length >= LANES_A_QUESTION || spare > ROWS_TO_SPARE) {
      groups.push((group = []));
      spare = 0;
    }
    group.push(lane);
  }
  return groups;
}

/** Of any of the lanes among the parameters, and above its own cursor. One set of all: a condition for each costs the store far more. */
const ofLanes = (column: string): string =>
  `tenant_id IN {tenants:Array(UUID)} AND (sensor_id, epoch) IN arrayZip({sensors:Array(UUID)}, {epochs:Array(String)})
     AND ${column} > {least:UInt64} AND ${column} > transform(concat(toString(sensor_id), '/', epoch),
       arrayMap((s, e) -> concat(toString(s), '/', e), {sensors:Array(UUID)}, {epochs:Array(String)}), {cursors:Array(UInt64)}, toUInt64(0))`;

/** Adds what is accounted for of a group of lanes, by the keys of its lanes. */
async function findGroup(events: EventDb, group: readonly LaneAbove[], found: Map<string, SeqRange[]>): Promise<void> {
  // Of one that is asked for twice, what is above the lower cursor: it comes first.
  const lanes = [...new Map(group.toReversed().map((lane) => [`${lane.sensorId}/${lane.epoch}`, lane])).values()];
  const params = {
    tenants: [...new Set(lanes.map((lane) => lane.tenantId))],
    sensors: lanes.map((lane) => lane.sensorId),
    epochs: lanes.map((lane) => lane.epoch),
    cursors: lanes.map((lane) => lane.cursor),
    least: group[0]!.cursor,
  };
  const [buckets, losses] = await Promise.all([
    events.selectSystem<Island & { bucket: number; count: number }>(
      `SELECT tenant_id, sensor_id, epoch, intDiv(seq, ${BUCKET}) AS bucket, groupBitmap(seq) AS count, min(seq) AS first, max(seq) AS last
       FROM runtime_events WHERE ${ofLanes("seq")} GROUP BY tenant_id, sensor_id, epoch, bucket ORDER BY sensor_id, epoch, bucket`,
      params,
    ),
    events.selectSystem<Island>(
      `SELECT tenant_id, sensor_id, epoch, from_seq AS first, to_seq AS last FROM event_losses FINAL
       WHERE source = 'range' AND ${ofLanes("to_seq")} ORDER BY sensor_id, epoch, first LIMIT ${MAX_ISLANDS} BY sensor_id, epoch`,
      params,
    ),
  ]);
  const add = (island: Island): void => {
    const list = found.get(keyOf(island)) ?? [];
    found.set(keyOf(island), list);
    list.push([Number(island.first), Number(island.last)]);
  };
  const whole = (b: Island & { count: number }): boolean => Number(b.last) - Number(b.first) + 1 === Number(b.count);
  for (const bucket of buckets) if (whole(bucket)) add(bucket);
  const holed = buckets.filter((bucket) => !whole(bucket));
  for (const island of await findIslands(events, holed)) add(island);
  for (const loss of losses) add(loss);
}

/**
 * What is accounted for above each cursor, as events or in the loss ledger: the ends of inserts that came after the cursor was last
 * saved, or all there is when it was lost. Exact, as ranges: no gap between them is ever taken for had.
 */
export async function findStored(events: EventDb, lanes: readonly LaneAbove[]): Promise<(SeqRanges | undefined)[]> {
  const found = new Map<string, SeqRange[]>();
  for (const group of groupLanes(lanes)) await findGroup(events, group, found);
  return lanes.map((lane) => {
    const ranges = new SeqRanges(found.get(keyOf({ sensor_id: lane.sensorId, epoch: lane.epoch })) ?? []);
    ranges.dropTo(lane.cursor);
    return ranges.isEmpty ? undefined : ranges;
  });
}

/** The stretches without a gap among the events of ranges. */
export async function findIslands(events: EventDb, holed: readonly Island[]): Promise<Island[]> {
  const islands: Island[] = [];
  for (let at = 0; at < holed.length; at += 64) {
    const part = holed.slice(at, at + 64);
    const params: Record<string, unknown> = Object.create(null);
    for (const [i, bucket] of part.entries()) {
      params[`t${i}`] = bucket.tenant_id;
      params[`s${i}`] = bucket.sensor_id;
      params[`e${i}`] = bucket.epoch;
      params[`f${i}`] = bucket.first;
      params[`l${i}`] = bucket.last;
    }
    const inside = part.map((_, i) => `(${ofLane(i)} AND seq BETWEEN {f${i}:UInt64} AND {l${i}:UInt64})`);
    islands.push(
      ...(await events.selectSystem<Island>(
        `SELECT tenant_id, sensor_id, epoch, min(seq) AS first, max(seq) AS last
         FROM (SELECT *, seq - row_number() OVER (PARTITION BY sensor_id, epoch ORDER BY seq) AS island
               FROM (SELECT DISTINCT tenant_id, sensor_id, epoch, seq FROM runtime_events WHERE ${inside.join(" OR ")}))
         GROUP BY tenant_id, sensor_id, epoch, island ORDER BY sensor_id, epoch, first LIMIT ${MAX_ISLANDS} BY sensor_id, epoch`,
        params,
      )),
    );
  }
  return islands;
}
