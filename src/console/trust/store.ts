import type { Db, Tx } from "../stores/contract.ts";

export interface TokenRow {
  token_id: string;
  tenant_id: string;
  node_name: string | null;
  declared_role: string | null;
  flavor: "standard" | "telecom" | null;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
  revoked_at: Date | null;
  sensor_id: string | null;
}

export interface NewToken {
  readonly tokenId: string;
  readonly tenantId: string;
  readonly tokenHash: string;
  readonly nodeName: string | undefined;
  readonly declaredRole: string | undefined;
  readonly flavor: string | undefined;
  readonly createdBy: string;
  readonly expiresAt: Date;
}

export interface NewSensor {
  readonly sensorId: string;
  readonly tenantId: string;
  readonly nodeName: string;
  readonly declaredRole: string;
  readonly flavor: string;
  readonly cluster: string | null;
  readonly tags: readonly string[];
  readonly machineHash: string | undefined;
  readonly sensorVersion: string;
}

export interface NewCertificate {
  readonly serial: string;
  readonly keyHash: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface PeerRow {
  sensor_id: string;
  tenant_id: string;
  node_name: string;
  lifecycle: "active" | "disabled" | "revoked" | "decommissioned";
  key_hash: string;
  status: "active" | "previous" | "revoked";
  not_after: Date;
}

const COLUMNS = [
  "token_id",
  "tenant_id",
  "node_name",
  "declared_role",
  "flavor",
  "created_by",
  "created_at",
  "expires_at",
  "used_at",
  "revoked_at",
  "sensor_id",
];

export async function insertToken(db: Db, token: NewToken): Promise<void> {
  await db.tenant(
    token.tenantId,
    (tx) => tx`
      INSERT INTO enrollment_tokens (token_id, tenant_id, token_hash, node_name, declared_role, flavor, created_by, expires_at)
      VALUES (${token.tokenId}, ${token.tenantId}, ${token.tokenHash}, ${token.nodeName ?? null}, ${token.declaredRole ?? null},
              ${token.flavor ?? null}, ${token.createdBy}, ${token.expiresAt})`,
  );
}

/** Newest first. */
export function listTokens(db: Db, tenantId: string, limit: number): Promise<TokenRow[]> {
  return db.tenant(
    tenantId,
    (tx) => tx<TokenRow[]>`
      SELECT ${tx(COLUMNS)} FROM enrollment_tokens WHERE tenant_id = ${tenantId} ORDER BY created_at DESC, token_id DESC LIMIT ${limit}`,
  );
}

/** Revokes a token that nobody has used; undefined when there is none such. */
export async function revokeToken(db: Db, tenantId: string, tokenId: string): Promise<TokenRow | undefined> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<TokenRow[]>`
      UPDATE enrollment_tokens SET revoked_at = now()
      WHERE token_id = ${tokenId} AND used_at IS NULL AND revoked_at IS NULL RETURNING ${tx(COLUMNS)}`,
  );
  return row;
}

/** By SHA-256, over all tenants: the token is what tells the tenant. */
export async function findToken(db: Db, tokenHash: string): Promise<TokenRow | undefined> {
  const [row] = await db.system(
    (tx) => tx<TokenRow[]>`SELECT ${tx(COLUMNS)} FROM enrollment_tokens WHERE token_hash = ${tokenHash}`,
  );
  return row;
}

async function useToken(tx: Tx, tokenHash: string, sensorId: string): Promise<boolean> {
  const rows = await tx`
    UPDATE enrollment_tokens SET used_at = now(), sensor_id = ${sensorId}
    WHERE token_hash = ${tokenHash} AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now() RETURNING token_id`;
  return rows.length === 1;
}

/** Uses up the token and makes the sensor with its certificate, all or nothing. False when the token was not to be had any more. */
export function insertEnrolled(
  db: Db,
  tokenHash: string,
  sensor: NewSensor,
  certificate: NewCertificate,
): Promise<boolean> {
  return db.tenant(sensor.tenantId, async (tx) => {
    if (!(await useToken(tx, tokenHash, sensor.sensorId))) return false;
    await tx`
      INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor, cluster, tags, machine_hash, sensor_version)
      VALUES (${sensor.sensorId}, ${sensor.tenantId}, ${sensor.nodeName}, ${sensor.declaredRole}, ${sensor.flavor},
              ${sensor.cluster}, ${sensor.tags as string[]}, ${sensor.machineHash ?? null}, ${sensor.sensorVersion})`;
    await tx`
      INSERT INTO sensor_certificates (serial, tenant_id, sensor_id, key_hash, not_before, not_after)
      VALUES (${certificate.serial}, ${sensor.tenantId}, ${sensor.sensorId}, ${certificate.keyHash},
              ${certificate.notBefore}, ${certificate.notAfter})`;
    return true;
  });
}

/** The sensor behind a certificate's serial, over all tenants. */
export async function findPeer(db: Db, serial: string): Promise<PeerRow | undefined> {
  const [row] = await db.system(
    (tx) => tx<PeerRow[]>`
      SELECT s.sensor_id, s.tenant_id, s.node_name, s.lifecycle, c.key_hash, c.status, c.not_after
      FROM sensor_certificates c JOIN sensors s USING (sensor_id) WHERE c.serial = ${serial}`,
  );
  return row;
}

/** The tenant that was made first; undefined before set-up. */
export async function findFirstTenant(db: Db): Promise<string | undefined> {
  const [row] = await db.system(
    (tx) => tx<{ tenant_id: string }[]>`SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1`,
  );
  return row?.tenant_id;
}
