import type { Db, EventDb } from "../stores/contract.ts";

/** The last restore from a backup. */
export interface RestoreMark {
  /** When the backup was made and when it was restored, milliseconds since 1970. */
  readonly backupMs: number;
  readonly restoredMs: number;
}

/** Undefined when this Console was never restored from a backup. */
export async function findRestore(db: Db): Promise<RestoreMark | undefined> {
  // A restore is noted with the tenant that was first.
  const [row] = await db.system(
    (tx) => tx<{ created_at: Date; backup_of: string | null }[]>`
      SELECT created_at, detail->>'backup_of' AS backup_of FROM audit_records
      WHERE tenant_id = (SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1)
        AND action_type = 'backup_restored' ORDER BY audit_id DESC LIMIT 1`,
  );
  if (!row) return undefined;
  const restoredMs = row.created_at.getTime();
  const backupMs = Date.parse(row.backup_of ?? "");
  return { restoredMs, backupMs: Number.isNaN(backupMs) ? restoredMs : Math.min(backupMs, restoredMs) };
}

/** Times of the last event of a sequence before a stretch and of the first behind it, microseconds; 0: there is none. */
export async function findEdges(
  events: EventDb,
  tenantId: string,
  of: { readonly sensorId: string; readonly epoch: string; readonly from: number; readonly to: number },
): Promise<{ beforeUs: number; behindUs: number }> {
  const [row] = await events.select<{ before: number; behind: number }>(
    tenantId,
    `SELECT toUnixTimestamp64Micro(maxIf(observed_at, seq < {from:UInt64})) AS before,
       toUnixTimestamp64Micro(minIf(observed_at, seq > {to:UInt64})) AS behind
     FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND epoch = {epoch:String}`,
    { sensor_id: of.sensorId, epoch: of.epoch, from: of.from, to: of.to },
  );
  return { beforeUs: Number(row?.before ?? 0), behindUs: Number(row?.behind ?? 0) };
}
