import type { LossRow } from "../ingest/store.ts";
import type { Db, EventDb } from "../stores/contract.ts";

/** What the Console remembers of one sequence of a sensor. */
export interface KnownEpoch {
  readonly epoch: string;
  readonly seq: number;
  readonly updated_at: Date;
  readonly closed_at: Date | null;
}

/** The sequences of several sensors, in the order of the keys. */
export async function listEpochs(
  db: Db,
  sensors: readonly { readonly tenantId: string; readonly sensorId: string }[],
): Promise<KnownEpoch[][]> {
  const ids = sensors.map(({ sensorId }) => sensorId);
  const rows = await db.system(
    (tx) => tx<(KnownEpoch & { sensor_id: string; tenant_id: string })[]>`
      SELECT sensor_id, tenant_id, epoch, seq, updated_at, closed_at FROM sensor_cursors WHERE sensor_id = ANY(${ids}::uuid[])`,
  );
  const known = Map.groupBy(rows, (row) => row.sensor_id);
  return sensors.map(({ tenantId, sensorId }) =>
    (known.get(sensorId) ?? []).filter((row) => row.tenant_id === tenantId),
  );
}

/** Notes which sequences are over, making a record of those that never were heard of, and which are not after all. */
export async function saveEpochs(
  db: Db,
  tenantId: string,
  sensorId: string,
  changes: { readonly closed: readonly string[]; readonly opened: readonly string[] },
): Promise<void> {
  await db.tenant(tenantId, async (tx) => {
    for (const epoch of changes.closed)
      await tx`
        INSERT INTO sensor_cursors (sensor_id, tenant_id, epoch, seq, closed_at)
        SELECT ${sensorId}, ${tenantId}, ${epoch}, 0, now() WHERE EXISTS (SELECT FROM sensors WHERE sensor_id = ${sensorId})
        ON CONFLICT (sensor_id, epoch) DO UPDATE SET closed_at = coalesce(sensor_cursors.closed_at, now())`;
    for (const epoch of changes.opened)
      await tx`UPDATE sensor_cursors SET closed_at = NULL WHERE sensor_id = ${sensorId} AND epoch = ${epoch}`;
  });
}

/** Moves the time of the last loss on, never back. */
export async function saveLastLosses(
  db: Db,
  losses: readonly (readonly [sensorId: string, atMs: number])[],
): Promise<void> {
  await db.system(
    (tx) => tx`
      UPDATE sensors s SET last_loss_at = greatest(s.last_loss_at, to_timestamp(u.at_ms / 1000.0))
      FROM unnest(${losses.map(([id]) => id)}::uuid[], ${losses.map(([, atMs]) => String(atMs))}::bigint[]) AS u (sensor_id, at_ms)
      WHERE s.sensor_id = u.sensor_id`,
  );
}

const OF_EPOCH = "tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND epoch = {epoch:String}";

/** Highest number of a sequence that is stored or stands in the ledger, and the time of its last event (microseconds; 0: none). */
export async function findReached(
  events: EventDb,
  tenantId: string,
  sensorId: string,
  epoch: string,
): Promise<{ seq: number; atUs: number }> {
  const [row] = await events.select<{ stored: number; lost: number; at_us: number }>(
    tenantId,
    `SELECT (SELECT max(seq) FROM runtime_events WHERE ${OF_EPOCH}) AS stored,
       (SELECT max(to_seq) FROM event_losses WHERE ${OF_EPOCH} AND source = 'range') AS lost,
       (SELECT toUnixTimestamp64Micro(max(observed_at)) FROM runtime_events WHERE ${OF_EPOCH}) AS at_us`,
    { sensor_id: sensorId, epoch },
  );
  return { seq: Math.max(Number(row?.stored ?? 0), Number(row?.lost ?? 0)), atUs: Number(row?.at_us ?? 0) };
}

/** Time of the first event of other sequences behind a time, microseconds; undefined when none has come. */
export async function findNextEvent(
  events: EventDb,
  tenantId: string,
  sensorId: string,
  epoch: string,
  afterUs: number,
): Promise<number | undefined> {
  const [row] = await events.select<{ n: number; at_us: number }>(
    tenantId,
    `SELECT count() AS n, toUnixTimestamp64Micro(min(observed_at)) AS at_us FROM runtime_events
     WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND epoch != {epoch:String}
       AND observed_at > fromUnixTimestamp64Micro({after:Int64}, 'UTC')`,
    { sensor_id: sensorId, epoch, after: afterUs },
  );
  return row && Number(row.n) > 0 ? Number(row.at_us) : undefined;
}

/** Rows that take the place of those of a sequence that is not over after all, and hold nothing. */
export async function findRetractions(
  events: EventDb,
  tenantId: string,
  sensorId: string,
  epoch: string,
  nowMs: number,
): Promise<LossRow[]> {
  const rows = await events.select<
    Omit<LossRow, "from_at" | "to_at" | "recorded_at"> & { from_us: number; to_us: number }
  >(
    tenantId,
    `SELECT tenant_id, sensor_id, node_name, stage, cause, source, epoch, from_seq, to_seq,
       toUnixTimestamp64Micro(from_at) AS from_us, toUnixTimestamp64Micro(to_at) AS to_us
     FROM event_losses FINAL WHERE ${OF_EPOCH} AND source = 'epoch'`,
    { sensor_id: sensorId, epoch },
  );
  return rows.map(({ from_us, to_us, ...row }) => ({
    ...row,
    count: 0,
    unknown: 0,
    from_at: Number(from_us),
    to_at: Number(to_us),
    recorded_at: nowMs,
  }));
}
