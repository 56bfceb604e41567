import type { Tx } from "../stores/contract.ts";
import type { TokenRow } from "./store.ts";

/** How long a node may ask again for an answer that it did not get, from the token's use on. */
export const REPEAT_MS = 10 * 60_000;
/** Old answers that one enrolment takes away. */
const SWEPT = 100;

/** What the node says of itself: whoever says otherwise is another. */
interface Node {
  readonly nodeName: string;
  readonly declaredRole: string;
  readonly flavor: string;
  readonly machineHash: string | undefined;
}

/** The certificate that was issued for a key before. */
export interface Answer {
  readonly sensorId: string;
  readonly serial: string;
  readonly pem: string;
  readonly notAfter: Date;
}

/** An answer to the same node and key, while its certificate and sensor still count; `otherKey`: the token's use was by another key. */
interface Found {
  readonly answer: Answer | undefined;
  readonly otherKey: boolean;
}

/** What this token's use was answered with lately. Nobody else may use it for the same meanwhile (lockToken). */
export async function findAnswer(tx: Tx, token: TokenRow, node: Node, keyHash: string, now: Date): Promise<Found> {
  const rows = await tx<(Answer & { ours: boolean; same: boolean })[]>`
    SELECT a.sensor_id AS "sensorId", a.serial, a.certificate_pem AS pem, c.not_after AS "notAfter", a.key_hash = ${keyHash} AS ours,
      s.node_name = ${node.nodeName} AND s.declared_role = ${node.declaredRole} AND s.flavor = ${node.flavor}
        AND s.machine_hash IS NOT DISTINCT FROM ${node.machineHash ?? null} AND s.lifecycle IN ('active', 'disabled')
        AND c.status IN ('pending', 'active') AS same
    FROM enrollment_answers a JOIN sensors s USING (sensor_id) JOIN sensor_certificates c USING (serial)
    WHERE a.token_id = ${token.token_id} AND a.answered_at > ${new Date(now.getTime() - REPEAT_MS)}
      AND (a.key_hash = ${keyHash} OR ${token.kind === "once"})`;
  const own = rows.find((row) => row.ours);
  return { answer: own?.same ? own : undefined, otherKey: !own && rows.length > 0 };
}

/** Keeps an answer for those minutes, in the transaction that uses the token. */
export async function keepAnswer(
  tx: Tx,
  token: TokenRow,
  sensorId: string,
  certificate: { readonly serial: string; readonly pem: string; readonly keyHash: string },
  now: Date,
): Promise<void> {
  // One that another enrolment takes away at this moment is left to it: waiting for each other could have no end.
  await tx`
    DELETE FROM enrollment_answers WHERE (token_id, key_hash) IN (
      SELECT token_id, key_hash FROM enrollment_answers WHERE answered_at < ${new Date(now.getTime() - REPEAT_MS)}
      ORDER BY answered_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED)`;
  await tx`
    INSERT INTO enrollment_answers (token_id, key_hash, tenant_id, sensor_id, serial, certificate_pem, answered_at)
    VALUES (${token.token_id}, ${certificate.keyHash}, ${token.tenant_id}, ${sensorId}, ${certificate.serial}, ${certificate.pem}, ${now})
    ON CONFLICT (token_id, key_hash) DO UPDATE SET sensor_id = excluded.sensor_id, serial = excluded.serial,
      certificate_pem = excluded.certificate_pem, answered_at = excluded.answered_at`;
}
