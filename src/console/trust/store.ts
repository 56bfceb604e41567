import type { Db } from "../stores/contract.ts";

export interface TokenRow {
  token_id: string;
  tenant_id: string;
  node_name: string | null;
  declared_role: string | null;
  flavor: "standard" | "telecom" | null;
  kind: "once" | "cluster";
  cluster: string | null;
  max_nodes: number | null;
  nodes: number;
  /** The sensor it is for. */
  reenrolls: string | null;
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
  readonly cluster?: string | undefined;
  readonly maxNodes?: number | undefined;
  readonly reenrolls?: string | undefined;
  readonly createdBy: string;
  readonly expiresAt: Date;
}

export interface PeerRow {
  sensor_id: string;
  tenant_id: string;
  node_name: string;
  lifecycle: "active" | "disabled" | "revoked" | "decommissioned";
  key_hash: string;
  issuer_id: string | null;
  status: "pending" | "active" | "previous" | "revoked";
  not_after: Date;
  valid_until: Date | null;
}

/** A sensor that a token can be made for. */
export interface KnownSensor {
  node_name: string;
  declared_role: string;
  flavor: "standard" | "telecom";
  lifecycle: PeerRow["lifecycle"];
}

const COLUMNS = [
  "token_id",
  "tenant_id",
  "node_name",
  "declared_role",
  "flavor",
  "kind",
  "cluster",
  "max_nodes",
  "nodes",
  "reenrolls",
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
      INSERT INTO enrollment_tokens (token_id, tenant_id, token_hash, node_name, declared_role, flavor, kind, cluster, max_nodes,
                                     reenrolls, created_by, expires_at)
      VALUES (${token.tokenId}, ${token.tenantId}, ${token.tokenHash}, ${token.nodeName ?? null}, ${token.declaredRole ?? null},
              ${token.flavor ?? null}, ${token.cluster === undefined ? "once" : "cluster"}, ${token.cluster ?? null},
              ${token.maxNodes ?? null}, ${token.reenrolls ?? null}, ${token.createdBy}, ${token.expiresAt})`,
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

/** A sensor of the tenant. */
export function findKnownSensor(db: Db, tenantId: string, sensorId: string): Promise<KnownSensor | undefined> {
  return db.tenant(tenantId, async (tx) => {
    const [row] = await tx<KnownSensor[]>`
      SELECT node_name, declared_role, flavor, lifecycle FROM sensors WHERE sensor_id = ${sensorId}`;
    return row;
  });
}

/** Ids of the tenant's sensors with this name, those that are out of service left out. */
export async function findSensorIds(db: Db, tenantId: string, nodeName: string): Promise<string[]> {
  const rows = await db.tenant(
    tenantId,
    (tx) => tx<{ sensor_id: string }[]>`
      SELECT sensor_id FROM sensors WHERE node_name = ${nodeName} AND lifecycle IN ('active', 'disabled')
      ORDER BY sensor_id LIMIT 2`,
  );
  return rows.map((row) => row.sensor_id);
}

/** The sensors behind serials of certificates, over all tenants. */
export async function findPeers(db: Db, serials: readonly string[]): Promise<Map<string, PeerRow>> {
  const rows = await db.system(
    (tx) => tx<(PeerRow & { serial: string })[]>`
      SELECT c.serial, s.sensor_id, s.tenant_id, s.node_name, s.lifecycle, c.key_hash, c.issuer_id, c.status, c.not_after,
        c.valid_until
      FROM sensor_certificates c JOIN sensors s USING (sensor_id) WHERE c.serial = ANY(${serials as string[]}::text[])`,
  );
  return new Map(rows.map(({ serial, ...row }) => [serial, row]));
}

/** The tenant that was made first; undefined before set-up. */
export async function findFirstTenant(db: Db): Promise<string | undefined> {
  const [row] = await db.system(
    (tx) => tx<{ tenant_id: string }[]>`SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1`,
  );
  return row?.tenant_id;
}
