import type { Db, Tx } from "../stores/contract.ts";
import { findAnswer, keepAnswer, type Answer } from "./store-answers.ts";
import type { TokenRow } from "./store.ts";

export interface NewSensor {
  /** Used unless the token leads to a sensor that is known. */
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
  readonly pem: string;
  readonly keyHash: string;
  readonly issuerId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A sensor that proved itself anew keeps its id; `machineChanged` says that it was another machine before. */
export type Enrolled =
  | {
      readonly outcome: "enrolled";
      readonly sensorId: string;
      readonly again: boolean;
      readonly machineChanged: boolean;
    }
  /** The same node asked with the same key a moment ago: what it was given then. */
  | { readonly outcome: "repeated"; readonly answer: Answer }
  /**
   * The token is used up, revoked or late by now; it was used a moment ago by another key; a cluster's token brought in all it may; the
   * node was revoked by a person.
   */
  | { readonly outcome: "spent" | "other_key" | "exhausted" | "revoked" };

interface Target {
  sensor_id: string;
  lifecycle: string;
  machine_hash: string | null;
}

/** The sensor that the token leads back to. */
async function knownTarget(tx: Tx, token: TokenRow, sensor: NewSensor): Promise<Target | undefined> {
  if (token.reenrolls !== null) {
    const [row] = await tx<Target[]>`
      SELECT sensor_id, lifecycle, machine_hash FROM sensors WHERE sensor_id = ${token.reenrolls} FOR UPDATE`;
    return row;
  }
  // A node without a machine-id can't be told from another of its name.
  if (token.kind !== "cluster" || sensor.machineHash === undefined) return undefined;
  const [row] = await tx<Target[]>`
    SELECT sensor_id, lifecycle, machine_hash FROM sensors
    WHERE tenant_id = ${sensor.tenantId} AND machine_hash = ${sensor.machineHash} AND node_name = ${sensor.nodeName}
      AND cluster = ${token.cluster}
    ORDER BY enrolled_at DESC LIMIT 1 FOR UPDATE`;
  return row;
}

/** Undoes what an enrolment has done until then. */
class Refused extends Error {
  constructor(readonly outcome: "spent" | "exhausted") {
    super(outcome);
  }
}

/**
 * Counts a node of a cluster once. From here to the end of the transaction the cluster's other nodes wait, so it comes last: what was
 * seen of the token before may be over by now.
 */
async function countNode(tx: Tx, token: TokenRow, sensor: NewSensor, sensorId: string): Promise<void> {
  const added = await tx`
    INSERT INTO enrollment_token_nodes (token_id, sensor_id, tenant_id)
    VALUES (${token.token_id}, ${sensorId}, ${sensor.tenantId}) ON CONFLICT DO NOTHING RETURNING token_id`;
  if (added.length === 0) return;
  const [counted] = await tx<{ revoked_at: Date | null }[]>`
    UPDATE enrollment_tokens SET nodes = nodes + 1
    WHERE token_id = ${token.token_id} AND (max_nodes IS NULL OR nodes < max_nodes) RETURNING revoked_at`;
  if (!counted) throw new Refused("exhausted");
  if (counted.revoked_at) throw new Refused("spent");
}

/**
 * The token, and nobody else who uses it for the same: of a token for one node, nobody else at all; of a cluster's, not the same node or
 * key, since its other nodes come in by the thousand.
 */
async function lockToken(tx: Tx, tokenHash: string, sensor: NewSensor, keyHash: string): Promise<TokenRow | undefined> {
  const [seen] = await tx<TokenRow[]>`
    SELECT * FROM enrollment_tokens WHERE token_hash = ${tokenHash} AND revoked_at IS NULL`;
  if (seen?.kind === "cluster") {
    // Always in this order, or two could wait for each other.
    if (sensor.machineHash !== undefined)
      await lockName(tx, `node ${sensor.tenantId} ${sensor.machineHash} ${sensor.nodeName}`);
    await lockName(tx, `key ${seen.token_id} ${keyHash}`);
    return seen;
  }
  const [token] = await tx<TokenRow[]>`
    SELECT * FROM enrollment_tokens WHERE token_hash = ${tokenHash} AND revoked_at IS NULL FOR UPDATE`;
  return token;
}

async function lockName(tx: Tx, name: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`telovix enrolment ${name}`}, 0))`;
}

/** As far as can be seen without keeping others out: countNode decides. */
async function hasRoom(tx: Tx, token: TokenRow, sensorId: string | undefined): Promise<boolean> {
  if (token.max_nodes === null || token.nodes < token.max_nodes) return true;
  if (sensorId === undefined) return false;
  const [known] = await tx`
    SELECT FROM enrollment_token_nodes WHERE token_id = ${token.token_id} AND sensor_id = ${sensorId}`;
  return known !== undefined;
}

async function insertSensor(tx: Tx, s: NewSensor): Promise<void> {
  await tx`
    INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor, cluster, tags, machine_hash, sensor_version)
    VALUES (${s.sensorId}, ${s.tenantId}, ${s.nodeName}, ${s.declaredRole}, ${s.flavor}, ${s.cluster}, ${s.tags as string[]},
            ${s.machineHash ?? null}, ${s.sensorVersion})`;
}

/** Whoever was revoked or gone is back; whom an operator disabled stays so. */
async function updateSensor(tx: Tx, s: NewSensor, sensorId: string): Promise<void> {
  await tx`
    UPDATE sensors SET node_name = ${s.nodeName}, declared_role = ${s.declaredRole}, flavor = ${s.flavor},
      cluster = coalesce(${s.cluster}, cluster), tags = CASE WHEN ${s.tags.length} > 0 THEN ${s.tags as string[]} ELSE tags END,
      machine_hash = ${s.machineHash ?? null}, sensor_version = ${s.sensorVersion}, trust_state = 'bootstrap_pending',
      lifecycle = CASE WHEN lifecycle IN ('revoked', 'decommissioned') THEN 'active' ELSE lifecycle END
    WHERE sensor_id = ${sensorId}`;
  await tx`UPDATE sensor_certificates SET status = 'revoked' WHERE sensor_id = ${sensorId} AND status = 'pending'`;
}

/**
 * Uses a token and gives the node its certificate, all or nothing and one after the other for each node, whatever process of whatever
 * replica asks: a sensor of its own, or the one the token leads back to, whose certificates until now stop counting when the new one is
 * first used. A node that asks again with the same key gets the same again.
 */
export async function enrollSensor(
  db: Db,
  tokenHash: string,
  sensor: NewSensor,
  keyHash: string,
  issue: (sensorId: string) => Promise<NewCertificate>,
  now: Date,
): Promise<Enrolled> {
  const enrolled = db.tenant(sensor.tenantId, async (tx): Promise<Enrolled> => {
    const token = await lockToken(tx, tokenHash, sensor, keyHash);
    if (!token) return { outcome: "spent" };
    const { answer, otherKey } = await findAnswer(tx, token, sensor, keyHash, now);
    if (answer) return { outcome: "repeated", answer };
    if (token.used_at) return { outcome: otherKey ? "other_key" : "spent" };
    if (token.expires_at <= now) return { outcome: "spent" };
    const known = await knownTarget(tx, token, sensor);
    if (!known && token.reenrolls !== null) return { outcome: "spent" };
    // A person revoked it: only a token made for it by a person brings it back.
    if (known?.lifecycle === "revoked" && token.reenrolls === null) return { outcome: "revoked" };
    if (token.kind === "cluster" && !(await hasRoom(tx, token, known?.sensor_id))) return { outcome: "exhausted" };
    const sensorId = known?.sensor_id ?? sensor.sensorId;
    const certificate = await issue(sensorId);
    if (known) await updateSensor(tx, sensor, sensorId);
    else await insertSensor(tx, sensor);
    await tx`
      INSERT INTO sensor_certificates (serial, tenant_id, sensor_id, key_hash, issuer_id, not_before, not_after, status, replaces)
      VALUES (${certificate.serial}, ${sensor.tenantId}, ${sensorId}, ${certificate.keyHash}, ${certificate.issuerId},
              ${certificate.notBefore}, ${certificate.notAfter}, ${known ? "pending" : "active"}, 'revoke')`;
    await keepAnswer(tx, token, sensorId, certificate, now);
    if (token.kind === "cluster") await countNode(tx, token, sensor, sensorId);
    else
      await tx`UPDATE enrollment_tokens SET used_at = ${now}, sensor_id = ${sensorId} WHERE token_id = ${token.token_id}`;
    const machineChanged = known !== undefined && known.machine_hash !== (sensor.machineHash ?? null);
    return { outcome: "enrolled", sensorId, again: known !== undefined, machineChanged };
  });
  try {
    return await enrolled;
  } catch (error) {
    if (error instanceof Refused) return { outcome: error.outcome };
    throw error;
  }
}
