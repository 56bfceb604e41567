import type { Db, EventDb } from "../stores/contract.ts";

export interface LaneKey {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly epoch: string;
}

export interface CursorUpdate extends LaneKey {
  readonly seq: number;
}

/** A row of `event_losses`. */
export interface LossRow {
  tenant_id: string;
  sensor_id: string;
  node_name: string;
  stage: string;
  cause: string;
  count: number;
  /** Microseconds since 1970. */
  from_at: number;
  to_at: number;
  /** Milliseconds since 1970. */
  recorded_at: number;
}

/** Epochs a sensor may have: it makes a new one when its spool is made anew, which is rare. */
const EPOCHS_KEPT = 16;
/** More than could be under way when a Console ended. */
const PRESENT_MAX = 200_000;

/** Highest sequence made durable; 0 for an epoch that is new here. */
export async function findCursor(db: Db, lane: LaneKey): Promise<number> {
  return db.tenant(lane.tenantId, async (tx) => {
    const [row] = await tx<{ seq: number }[]>`
      SELECT seq FROM sensor_cursors WHERE sensor_id = ${lane.sensorId} AND epoch = ${lane.epoch}`;
    if (row) return row.seq;
    await tx`
      DELETE FROM sensor_cursors WHERE sensor_id = ${lane.sensorId} AND epoch NOT IN
        (SELECT epoch FROM sensor_cursors WHERE sensor_id = ${lane.sensorId} ORDER BY updated_at DESC LIMIT ${EPOCHS_KEPT - 1})`;
    return 0;
  });
}

/** The cursor as it was last saved; 0 for an epoch that is new here. */
export async function findSavedCursor(db: Db, tenantId: string, sensorId: string, epoch: string): Promise<number> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<{ seq: number }[]>`
      SELECT seq FROM sensor_cursors WHERE sensor_id = ${sensorId} AND epoch = ${epoch}`,
  );
  return row?.seq ?? 0;
}

/** Moves cursors on, never back. */
export async function saveCursors(db: Db, cursors: readonly CursorUpdate[]): Promise<void> {
  if (cursors.length === 0) return;
  const column = <K extends keyof CursorUpdate>(key: K): string[] => cursors.map((c) => String(c[key]));
  await db.system(
    (tx) => tx`
      INSERT INTO sensor_cursors (sensor_id, tenant_id, epoch, seq)
      SELECT u.sensor_id, s.tenant_id, u.epoch, u.seq
      FROM unnest(${column("sensorId")}::uuid[], ${column("epoch")}::text[], ${column("seq")}::bigint[]) AS u (sensor_id, epoch, seq)
      JOIN sensors s USING (sensor_id)
      ON CONFLICT (sensor_id, epoch) DO UPDATE
      SET seq = greatest(sensor_cursors.seq, excluded.seq), updated_at = now()`,
  );
}

/** Adds to the counters on the sensors' rows. */
export async function addRejected(
  db: Db,
  counts: readonly { sensorId: string; rejected: number; malformed: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  await db.system(
    (tx) => tx`
      UPDATE sensors s SET events_rejected = s.events_rejected + u.rejected, messages_malformed = s.messages_malformed + u.malformed
      FROM unnest(${counts.map((c) => c.sensorId)}::uuid[], ${counts.map((c) => String(c.rejected))}::bigint[],
                  ${counts.map((c) => String(c.malformed))}::bigint[]) AS u (sensor_id, rejected, malformed)
      WHERE s.sensor_id = u.sensor_id`,
  );
}

/**
 * Sequences above the cursor that are stored already: those of inserts that ended after the cursor was last saved.
 * When there are more than can be held, the highest is the cursor.
 */
export async function findStored(
  events: EventDb,
  lane: LaneKey,
  cursor: number,
): Promise<{ cursor: number; present: Set<number> | undefined }> {
  const rows = await events.select<{ seq: number }>(
    lane.tenantId,
    `SELECT DISTINCT seq FROM runtime_events
     WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND epoch = {epoch:String} AND seq > {seq:UInt64}
     ORDER BY seq DESC LIMIT ${PRESENT_MAX + 1}`,
    { sensor_id: lane.sensorId, epoch: lane.epoch, seq: cursor },
  );
  if (rows.length === 0) return { cursor, present: undefined };
  if (rows.length > PRESENT_MAX) return { cursor: Number(rows[0]!.seq), present: undefined };
  return { cursor, present: new Set(rows.map((r) => Number(r.seq))) };
}
