import type { Db, Tx } from "../../stores/contract.ts";
import type { RotationPhase } from "../../../core/api/trust.ts";
import type { AuthorityRecord, Standing, Step } from "./phases.ts";

interface RotationRow {
  phase: RotationPhase;
  since: Date;
  version: number;
  old_id: string | null;
  new_id: string | null;
}

interface AuthorityRow {
  authority_id: string;
  certificate_pem: string;
  standing: AuthorityRecord["standing"];
  retired_at: Date | null;
}

export interface NewAuthority {
  readonly id: string;
  readonly certificatePem: string;
  readonly notAfter: Date;
}

async function read(tx: Tx, lock: boolean): Promise<Standing | undefined> {
  const [row] = await tx<RotationRow[]>`
    SELECT phase, since, version, old_id, new_id FROM authority_rotation ${lock ? tx`FOR UPDATE` : tx``}`;
  if (!row) return undefined;
  const rows = await tx<AuthorityRow[]>`
    SELECT authority_id, certificate_pem, standing, retired_at FROM authorities ORDER BY created_at, authority_id`;
  return {
    phase: row.phase,
    since: row.since,
    version: row.version,
    oldId: row.old_id,
    newId: row.new_id,
    authorities: rows.map((a) => ({
      id: a.authority_id,
      certificatePem: a.certificate_pem,
      standing: a.standing,
      retiredAt: a.retired_at,
    })),
  };
}

/** The standing of the installation's authorities; undefined before the first start on this database. */
export function findStanding(db: Db): Promise<Standing | undefined> {
  return db.system((tx) => read(tx, false));
}

async function insertAuthority(tx: Tx, authority: NewAuthority, standing: "issuing" | "trusted"): Promise<void> {
  await tx`
    INSERT INTO authorities (authority_id, certificate_pem, not_after, standing, created_at)
    VALUES (${authority.id}, ${authority.certificatePem}, ${authority.notAfter}, ${standing}, clock_timestamp())
    ON CONFLICT (authority_id) DO UPDATE SET standing = EXCLUDED.standing, retired_at = NULL`;
}

/**
 * Makes an authority the only one, while no other process does the same. Nothing happens when there is one already: the standing found
 * is the answer. Certificates of unknown issuer count as its own: there was no other.
 */
export function insertFirst(db: Db, authority: () => Promise<NewAuthority>): Promise<Standing> {
  return db.system(async (tx) => {
    await tx`LOCK TABLE authority_rotation IN SHARE ROW EXCLUSIVE MODE`;
    const found = await read(tx, false);
    if (found) return found;
    const made = await authority();
    await insertAuthority(tx, made, "issuing");
    await tx`INSERT INTO authority_rotation (phase) VALUES ('stable')`;
    await tx`UPDATE sensor_certificates SET issuer_id = ${made.id} WHERE issuer_id IS NULL`;
    return (await read(tx, false))!;
  });
}

/** Puts another authority in the place of all that were: what they signed stops counting. */
export function replaceAll(db: Db, authority: NewAuthority): Promise<Standing> {
  return db.system(async (tx) => {
    await tx`LOCK TABLE authority_rotation IN SHARE ROW EXCLUSIVE MODE`;
    await tx`UPDATE authorities SET standing = 'retired', retired_at = coalesce(retired_at, now())`;
    await tx`UPDATE sensor_certificates SET status = 'revoked' WHERE issuer_id IS DISTINCT FROM ${authority.id}`;
    await insertAuthority(tx, authority, "issuing");
    await tx`
      UPDATE authority_rotation SET phase = 'stable', old_id = NULL, new_id = NULL, since = now(), version = version + 1`;
    return (await read(tx, false))!;
  });
}

/** Begins a change to the authority that `make` gives; undefined when one is under way. `make` runs while nobody else changes anything. */
export function insertNext(db: Db, make: (current: Standing) => Promise<NewAuthority>): Promise<Standing | undefined> {
  return db.system(async (tx) => {
    const current = await read(tx, true);
    if (current?.phase !== "stable") return undefined;
    const next = await make(current);
    await insertAuthority(tx, next, "trusted");
    const oldId = current.authorities.find((a) => a.standing === "issuing")!.id;
    await tx`
      UPDATE authority_rotation
      SET phase = 'dual_trust', old_id = ${oldId}, new_id = ${next.id}, since = now(), version = version + 1`;
    return read(tx, false);
  });
}

/** Takes a step, if the standing is still the one it was chosen by; undefined otherwise. What a retired authority signed is revoked. */
export function updateStanding(db: Db, version: number, step: Step): Promise<Standing | undefined> {
  return db.system(async (tx) => {
    const current = await read(tx, true);
    if (current?.version !== version) return undefined;
    for (const [standing, ids] of [
      ["retired", step.retired],
      ["trusted", step.trusted],
      ["issuing", [step.issuing]],
    ] as const)
      for (const id of ids)
        await tx`
          UPDATE authorities SET standing = ${standing}, retired_at = ${standing === "retired" ? new Date() : null}
          WHERE authority_id = ${id}`;
    for (const id of step.retired)
      await tx`UPDATE sensor_certificates SET status = 'revoked' WHERE issuer_id = ${id} AND status <> 'revoked'`;
    const stable = step.phase === "stable";
    await tx`
      UPDATE authority_rotation SET phase = ${step.phase}, old_id = ${stable ? null : current.oldId},
        new_id = ${stable ? null : current.newId}, since = now(), version = version + 1`;
    return read(tx, false);
  });
}

export interface WaitingRow {
  sensor_id: string;
  tenant_id: string;
  node_name: string;
  last_seen_at: Date | null;
  /** Its only good certificates are of the authority that goes. */
  by_certificate: boolean;
}

/**
 * Sensors in service that dropping an authority would cut off: their good certificates are all of it, or (with `bundleHash`) they have
 * not stored what they are to trust the Console by. Those whose certificate has ended are cut off already and do not count.
 */
export function listWaiting(
  db: Db,
  dropsId: string,
  bundleHash: string | undefined,
  nowMs: number,
  limit: number,
): Promise<{ rows: WaitingRow[]; total: number }> {
  return db.system(async (tx) => {
    const rows = await tx<(WaitingRow & { total: number })[]>`
      SELECT sensor_id, tenant_id, node_name, last_seen_at, by_certificate, count(*) OVER ()::int AS total
      FROM (SELECT s.sensor_id, s.tenant_id, s.node_name, s.last_seen_at,
                   ${bundleHash ?? null}::text IS NOT NULL
                     AND s.trust->>'trust_bundle_hash' IS DISTINCT FROM ${bundleHash ?? null}::text AS by_bundle,
                   bool_and(c.issuer_id IS NOT DISTINCT FROM ${dropsId}) AS by_certificate
            FROM sensors s JOIN sensor_certificates c USING (sensor_id)
            WHERE s.lifecycle IN ('active', 'disabled') AND c.status = 'active' AND c.not_after > ${new Date(nowMs)}
            GROUP BY s.sensor_id) AS found
      WHERE by_certificate OR by_bundle ORDER BY node_name, sensor_id LIMIT ${limit}`;
    return { rows, total: rows[0]?.total ?? 0 };
  });
}

/** Sensors in service by the authority of their certificate, and how many have stored the bundle. */
export function countByIssuer(
  db: Db,
  bundleHash: string,
  nowMs: number,
): Promise<{ byIssuer: Map<string, number>; sensors: number; withBundle: number }> {
  return db.system(async (tx) => {
    const rows = await tx<{ issuer_id: string | null; sensors: number; with_bundle: number }[]>`
      SELECT issuer_id, count(*)::int AS sensors,
             count(*) FILTER (WHERE trust_bundle_hash = ${bundleHash})::int AS with_bundle
      FROM (SELECT DISTINCT ON (s.sensor_id) c.issuer_id, s.trust->>'trust_bundle_hash' AS trust_bundle_hash
            FROM sensors s JOIN sensor_certificates c USING (sensor_id)
            WHERE s.lifecycle IN ('active', 'disabled') AND c.status = 'active' AND c.not_after > ${new Date(nowMs)}
            ORDER BY s.sensor_id, c.created_at DESC) AS newest
      GROUP BY issuer_id`;
    const sum = (pick: (row: (typeof rows)[number]) => number): number => rows.reduce((n, row) => n + pick(row), 0);
    return {
      byIssuer: new Map(rows.map((row) => [row.issuer_id ?? "", row.sensors])),
      sensors: sum((row) => row.sensors),
      withBundle: sum((row) => row.with_bundle),
    };
  });
}

/** A host that runs a Console of this installation. */
export interface ConsoleHost {
  readonly id: string;
  readonly name: string;
  /** Authorities whose keys its directory has. */
  readonly authorityIds: readonly string[];
  readonly seenAt: Date;
}

/** A host that was away for longer has gone for good. */
const KNOWN_HOURS = 24;

/** Notes which keys a host has, and forgets hosts that are gone. */
export async function saveHost(db: Db, host: Omit<ConsoleHost, "seenAt">): Promise<void> {
  await db.system(async (tx) => {
    await tx`
      INSERT INTO console_hosts (host_id, host_name, authority_ids)
      VALUES (${host.id}, ${host.name}, ${[...host.authorityIds]}::text[])
      ON CONFLICT (host_id, host_name) DO UPDATE SET authority_ids = EXCLUDED.authority_ids, seen_at = now()`;
    await tx`DELETE FROM console_hosts WHERE seen_at < now() - ${KNOWN_HOURS} * interval '1 hour'`;
  });
}

/** The hosts of the last day, by name. */
export async function listHosts(db: Db): Promise<ConsoleHost[]> {
  const rows = await db.system(
    (tx) => tx<{ host_id: string; host_name: string; authority_ids: string[]; seen_at: Date }[]>`
      SELECT host_id, host_name, authority_ids, seen_at FROM console_hosts
      WHERE seen_at >= now() - ${KNOWN_HOURS} * interval '1 hour' ORDER BY host_name, host_id`,
  );
  return rows.map((row) => ({
    id: row.host_id,
    name: row.host_name,
    authorityIds: row.authority_ids,
    seenAt: row.seen_at,
  }));
}
