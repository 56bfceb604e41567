import type { Db, EventDb } from "../stores/contract.ts";
import { SeqRanges, type SeqRange } from "./seq-ranges.ts";
import type { CursorUpdate, LaneKey } from "./store.ts";

/** A sensor has up to 8 lanes, and makes a new epoch with each spool and each outage: those longest untouched make way. */
export const EPOCHS_KEPT = 128;
/** Numbers looked at as one: those without a gap are told from their count. */
const BUCKET = 65_536;
/** Beyond so many islands of one lane the lowest are known, and of the rest a second delivery is stored again, under the same key. */
const MAX_ISLANDS = 10_000;

/** The cursors as they were last saved, in the order of the lanes; 0 for an epoch that is new here. */
export async function findCursors(db: Db, lanes: readonly LaneKey[]): Promise<number[]> {
  const sensorIds = lanes.map((lane) => lane.sensorId);
  const epochs = lanes.map((lane) => lane.epoch);
  const rows = await db.system(
    (tx) => tx<{ seq: number }[]>`
      SELECT coalesce(c.seq, 0) AS seq
      FROM unnest(${sensorIds}::uuid[], ${epochs}::text[]) WITH ORDINALITY AS u (sensor_id, epoch, place)
      LEFT JOIN sensor_cursors c USING (sensor_id, epoch) ORDER BY u.place`,
  );
  return rows.map((row) => Number(row.seq));
}

/** Moves cursors on, never back. A sensor's epochs beyond those kept go, longest untouched first. */
export async function saveCursors(db: Db, cursors: readonly CursorUpdate[]): Promise<void> {
  if (cursors.length === 0) return;
  const column = <K extends keyof CursorUpdate>(key: K): string[] => cursors.map((c) => String(c[key]));
  await db.system(async (tx) => {
    const saved = await tx<{ sensor_id: string; fresh: boolean }[]>`
      INSERT INTO sensor_cursors (sensor_id, tenant_id, epoch, seq)
      SELECT u.sensor_id, s.tenant_id, u.epoch, u.seq
      FROM unnest(${column("sensorId")}::uuid[], ${column("epoch")}::text[], ${column("seq")}::bigint[]) AS u (sensor_id, epoch, seq)
      JOIN sensors s USING (sensor_id)
      ON CONFLICT (sensor_id, epoch) DO UPDATE
      SET seq = greatest(sensor_cursors.seq, excluded.seq), updated_at = now()
      RETURNING sensor_id, xmax = 0 AS fresh`;
    const grown = [...new Set(saved.filter((row) => row.fresh).map((row) => row.sensor_id))];
    if (grown.length === 0) return;
    await tx`
      DELETE FROM sensor_cursors c USING (
        SELECT sensor_id, epoch, row_number() OVER (PARTITION BY sensor_id ORDER BY updated_at DESC, epoch) AS place
        FROM sensor_cursors WHERE sensor_id = ANY(${grown}::uuid[])) AS kept
      WHERE c.sensor_id = kept.sensor_id AND c.epoch = kept.epoch AND kept.place > ${EPOCHS_KEPT}`;
  });
}

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

/**
 * What is accounted for above each cursor, as events or in the loss ledger: the ends of inserts that came after the cursor was last
 * saved, or all there is when it was lost. Exact, as ranges: no gap between them is ever taken for had.
 */
export async function findStored(
  events: EventDb,
  lanes: readonly (LaneKey & { readonly cursor: number })[],
): Promise<(SeqRanges | undefined)[]> {
  const params: Record<string, unknown> = Object.create(null);
  for (const [i, lane] of lanes.entries()) {
    params[`t${i}`] = lane.tenantId;
    params[`s${i}`] = lane.sensorId;
    params[`e${i}`] = lane.epoch;
    params[`c${i}`] = lane.cursor;
  }
  // Spelled out lane by lane: so the table's order and its index of numbers leave out what is below each cursor.
  const above = (column: string): string =>
    lanes.map((_, i) => `(${ofLane(i)} AND ${column} > {c${i}:UInt64})`).join(" OR ");
  const [buckets, losses] = await Promise.all([
    events.selectSystem<Island & { bucket: number; count: number }>(
      `SELECT tenant_id, sensor_id, epoch, intDiv(seq, ${BUCKET}) AS bucket, groupBitmap(seq) AS count, min(seq) AS first, max(seq) AS last
       FROM runtime_events WHERE ${above("seq")} GROUP BY tenant_id, sensor_id, epoch, bucket ORDER BY sensor_id, epoch, bucket`,
      params,
    ),
    events.selectSystem<Island>(
      `SELECT tenant_id, sensor_id, epoch, from_seq AS first, to_seq AS last FROM event_losses FINAL
       WHERE source = 'range' AND (${above("to_seq")}) ORDER BY sensor_id, epoch, first LIMIT ${MAX_ISLANDS} BY sensor_id, epoch`,
      params,
    ),
  ]);
  const found = new Map<string, SeqRange[]>();
  const add = (island: Island): void => {
    const list = found.get(keyOf(island)) ?? [];
    found.set(keyOf(island), list);
    list.push([Number(island.first), Number(island.last)]);
  };
  const whole = (b: Island & { count: number }): boolean => Number(b.last) - Number(b.first) + 1 === Number(b.count);
  for (const bucket of buckets) if (whole(bucket)) add(bucket);
  for (const island of await findIslands(
    events,
    buckets.filter((bucket) => !whole(bucket)),
  ))
    add(island);
  for (const loss of losses) add(loss);
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
