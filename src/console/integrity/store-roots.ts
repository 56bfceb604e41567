import type { SignedRoot } from "../../core/integrity/root.ts";
import type { Db, Tx } from "../stores/contract.ts";
import { HOUR_MS } from "./hours.ts";
import type { ChainKey } from "./store.ts";

interface RootRow {
  tenant_id: string;
  hour: Date;
  merkle_root: string;
  previous: string;
  root_hash: string;
  leaves: number;
  links: number;
  events: number;
  missing: number;
  signed_at: Date;
  key_id: string;
  public_key: string;
  signature: string;
}

/** A root with what it is verified by. */
export interface StoredRoot {
  readonly root: SignedRoot;
  readonly hash: string;
  readonly publicKey: string;
}

/** An hour as roots name it. */
export const formatHour = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

function toStored({ root_hash, public_key, hour, signed_at, ...row }: RootRow): StoredRoot {
  return {
    root: { version: 1, ...row, hour: formatHour(hour.getTime()), signed_at: signed_at.toISOString() },
    hash: root_hash,
    publicKey: public_key,
  };
}

const columns = (tx: Tx) =>
  tx`tenant_id, hour, merkle_root, previous, root_hash, leaves, links, events, missing, signed_at, key_id, public_key, signature`;

/** Newest roots before an hour (milliseconds since 1970), newest first. */
export async function listRoots(
  db: Db,
  tenantId: string,
  beforeMs: number | undefined,
  limit: number,
): Promise<StoredRoot[]> {
  const rows = await db.tenant(
    tenantId,
    (tx) => tx<RootRow[]>`
      SELECT ${columns(tx)} FROM integrity_roots WHERE ${beforeMs === undefined ? tx`true` : tx`hour < ${new Date(beforeMs)}`}
      ORDER BY hour DESC LIMIT ${limit}`,
  );
  return rows.map(toStored);
}

/** Roots of the hours from one to another, both included, oldest first. */
export async function findRoots(db: Db, tenantId: string, fromMs: number, toMs: number): Promise<StoredRoot[]> {
  const rows = await db.tenant(
    tenantId,
    (tx) => tx<RootRow[]>`
      SELECT ${columns(tx)} FROM integrity_roots WHERE hour BETWEEN ${new Date(fromMs)} AND ${new Date(toMs)} ORDER BY hour`,
  );
  return rows.map(toStored);
}

export async function findLastRoot(tx: Tx): Promise<StoredRoot | undefined> {
  const [row] = await tx<RootRow[]>`SELECT ${columns(tx)} FROM integrity_roots ORDER BY hour DESC LIMIT 1`;
  return row && toStored(row);
}

/** A clock that was ahead by more is not reckoned with. */
const MAX_GAP_MS = 31 * 24 * HOUR_MS;
/** A gap is looked for among so many roots: eight days of them. */
const GAP_ROOTS = 200;

/**
 * The longest time between two of the newest roots, milliseconds: so far ahead the clock may have been. What was sealed after it
 * came right again lies that far before the last root.
 */
export async function findLongestGap(tx: Tx): Promise<number> {
  const [row] = await tx<{ gap: number | null }[]>`
    SELECT max(extract(epoch FROM gap))::float8 * 1000 AS gap FROM (
      SELECT hour - lag(hour) OVER (ORDER BY hour) AS gap FROM (
        SELECT hour FROM integrity_roots ORDER BY hour DESC LIMIT ${GAP_ROOTS}) AS newest) AS gaps`;
  return Math.min(row?.gap ?? 0, MAX_GAP_MS);
}

/** The newest hour of which any tenant has a root, milliseconds since 1970; undefined before the first. */
export async function findNewestRootMs(db: Db): Promise<number | undefined> {
  const [row] = await db.system(
    (tx) => tx<{ hour: Date | null }[]>`
      SELECT max(r.hour) AS hour FROM tenants t, LATERAL (
        SELECT hour FROM integrity_roots WHERE tenant_id = t.tenant_id ORDER BY hour DESC LIMIT 1) AS r`,
  );
  return row?.hour?.getTime();
}

/** True when this transaction is the only one that makes roots of the tenant. */
export async function lockRoots(tx: Tx, tenantId: string): Promise<boolean> {
  const [row] = await tx<{ held: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${`telovix integrity ${tenantId}`}, 0)) AS held`;
  return row!.held;
}

export async function insertRoot(tx: Tx, { root, hash, publicKey }: StoredRoot): Promise<void> {
  await tx`
    INSERT INTO integrity_roots (tenant_id, hour, merkle_root, previous, root_hash, leaves, links, events, missing, signed_at, key_id,
      public_key, signature)
    VALUES (${root.tenant_id}, ${root.hour}, ${root.merkle_root}, ${root.previous}, ${hash}, ${root.leaves}, ${root.links},
      ${root.events}, ${root.missing}, ${root.signed_at}, ${root.key_id}, ${publicKey}, ${root.signature})`;
}

export async function listTenants(db: Db): Promise<string[]> {
  const rows = await db.system((tx) => tx<{ tenant_id: string }[]>`SELECT tenant_id FROM tenants ORDER BY tenant_id`);
  return rows.map((row) => row.tenant_id);
}

/** Sequences nothing was added to since a time, but since another, with the highest number that is durable. */
export async function listQuiet(db: Db, sinceMs: number, untilMs: number): Promise<{ chain: ChainKey; seq: number }[]> {
  const rows = await db.system(
    (tx) => tx<{ tenant_id: string; sensor_id: string; epoch: string; seq: number }[]>`
      SELECT tenant_id, sensor_id, epoch, seq FROM sensor_cursors
      WHERE updated_at >= ${new Date(sinceMs)} AND updated_at < ${new Date(untilMs)} AND seq > 0`,
  );
  return rows.map(({ tenant_id, sensor_id, epoch, seq }) => ({
    chain: { tenantId: tenant_id, sensorId: sensor_id, epoch },
    seq,
  }));
}

/** Name of a sensor of the tenant; undefined when there is none. */
export async function findNodeName(db: Db, tenantId: string, sensorId: string): Promise<string | undefined> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<{ node_name: string }[]>`SELECT node_name FROM sensors WHERE sensor_id = ${sensorId}`,
  );
  return row?.node_name;
}
