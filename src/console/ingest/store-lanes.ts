import type { Db } from "../stores/contract.ts";
import type { CursorUpdate, LaneKey } from "./store.ts";

/** A sensor has up to 8 lanes, and makes a new epoch with each spool and each outage: those longest untouched make way. */
export const EPOCHS_KEPT = 128;
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
