import type { Db } from "../stores/contract.ts";
import type { NewCertificate } from "./store-enroll.ts";

/** How long the certificate before is taken, counted from the first use of its successor. */
export const OVERLAP_MS = 24 * 3_600_000;
/** Certificates that were issued and not used yet, of one sensor: each lost answer leaves one. */
const MAX_PENDING = 3;
/** What ended so long ago is not kept; the audit log is. */
const KEPT_MS = 90 * 24 * 3_600_000;

/** True when any sensor has used this key. */
export async function isKeyKnown(db: Db, keyHash: string): Promise<boolean> {
  const rows = await db.system((tx) => tx`SELECT FROM sensor_certificates WHERE key_hash = ${keyHash} LIMIT 1`);
  return rows.length > 0;
}

/** Records a renewed certificate, which counts from its first use on; of those never used only the newest are kept. */
export function insertRenewed(
  db: Db,
  nowMs: number,
  { tenantId, sensorId }: { readonly tenantId: string; readonly sensorId: string },
  certificate: NewCertificate,
): Promise<void> {
  return db.tenant(tenantId, async (tx) => {
    await tx`SELECT FROM sensors WHERE sensor_id = ${sensorId} FOR UPDATE`;
    await tx`
      INSERT INTO sensor_certificates (serial, tenant_id, sensor_id, key_hash, issuer_id, not_before, not_after, status, replaces,
                                       created_at)
      VALUES (${certificate.serial}, ${tenantId}, ${sensorId}, ${certificate.keyHash}, ${certificate.issuerId},
              ${certificate.notBefore}, ${certificate.notAfter}, 'pending', 'overlap', clock_timestamp())`;
    await tx`
      DELETE FROM sensor_certificates WHERE serial IN (
        SELECT serial FROM sensor_certificates WHERE sensor_id = ${sensorId} AND status = 'pending'
        ORDER BY created_at DESC, serial OFFSET ${MAX_PENDING})`;
    await tx`
      DELETE FROM sensor_certificates
      WHERE sensor_id = ${sensorId} AND status <> 'active' AND not_after < ${new Date(nowMs - KEPT_MS)}`;
  });
}

export interface FirstUse {
  readonly sensorId: string;
  readonly tenantId: string;
  readonly renewal: boolean;
  /** Serials that are taken for a while yet. */
  readonly superseded: readonly string[];
  /** Serials that stopped counting at once. */
  readonly revoked: readonly string[];
}

/**
 * A certificate that was pending is used: it becomes the active one. After a renewal the one before is taken a day longer; after a
 * re-enrolment all others stop counting. Undefined when it was not pending any more.
 */
export function activateCertificate(db: Db, serial: string, nowMs: number): Promise<FirstUse | undefined> {
  return db.system(async (tx) => {
    const [found] = await tx<{ sensor_id: string }[]>`
      SELECT sensor_id FROM sensor_certificates WHERE serial = ${serial}`;
    if (!found) return undefined;
    const { sensor_id: sensorId } = found;
    await tx`SELECT FROM sensors WHERE sensor_id = ${sensorId} FOR UPDATE`;
    const [own] = await tx<{ tenant_id: string; replaces: "overlap" | "revoke" }[]>`
      UPDATE sensor_certificates SET status = 'active', first_used_at = ${new Date(nowMs)}
      WHERE serial = ${serial} AND status = 'pending' RETURNING tenant_id, replaces`;
    if (!own) return undefined;
    const renewal = own.replaces === "overlap";
    const superseded = await tx<{ serial: string }[]>`
      UPDATE sensor_certificates SET status = 'previous', valid_until = least(not_after, ${new Date(nowMs + OVERLAP_MS)})
      WHERE sensor_id = ${sensorId} AND status = 'active' AND serial <> ${serial} AND ${renewal} RETURNING serial`;
    const revoked = await tx<{ serial: string }[]>`
      UPDATE sensor_certificates SET status = 'revoked'
      WHERE sensor_id = ${sensorId} AND serial <> ${serial} AND status <> 'revoked'
        AND (${!renewal} OR status = 'pending') RETURNING serial`;
    await tx`
      UPDATE sensors SET trust_state = ${renewal ? "rotated" : "trusted"} WHERE sensor_id = ${sensorId}`;
    const serials = (rows: readonly { serial: string }[]): string[] => rows.map((row) => row.serial);
    return { sensorId, tenantId: own.tenant_id, renewal, superseded: serials(superseded), revoked: serials(revoked) };
  });
}
