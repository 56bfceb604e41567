import type { Db, Tx } from "../stores/contract.ts";

export const SECTIONS = ["processes", "connections", "listening", "flows"] as const;
export type Section = (typeof SECTIONS)[number];

export interface SectionRow {
  section: Section;
  content: unknown[];
  observed_at: Date;
}

/** What a sensor sent of one section. */
export interface SectionUpdate {
  readonly section: Section;
  readonly hash: string;
  /** About how long the text is. */
  readonly sizeChars: number;
  /** JSON text. */
  readonly content: string;
}

interface KnownRow {
  sensor_id: string;
  section: string;
  content_hash: string;
  observed_at: Date;
}

/** What is stored of several sensors, by section, in the order of the sensors; not the content, which is large. */
async function findKnown(tx: Tx, sensorIds: readonly string[]): Promise<ReadonlyMap<string, KnownRow>[]> {
  const rows = await tx<KnownRow[]>`
    SELECT sensor_id, section, content_hash, observed_at FROM sensor_inventories
    WHERE sensor_id = ANY(${sensorIds as string[]}::uuid[])`;
  const found = Map.groupBy(rows, (row) => row.sensor_id);
  return sensorIds.map((id) => new Map((found.get(id) ?? []).map((row) => [row.section, row])));
}

/** A snapshot of one sensor. */
export interface Snapshot {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly observedAt: Date;
  /** What is stored and older than this is replaced although its hash is the same. */
  readonly staleBefore: Date;
  readonly updates: readonly SectionUpdate[];
}

/**
 * Stores what differs from what is there, or replaces what is too old, of different sensors at once; gives the sections stored of each. The
 * hashes are read first: making jsonb of a list only to find that it is known would cost more than all the rest.
 */
export function saveSnapshots(db: Db, snapshots: readonly Snapshot[]): Promise<Section[][]> {
  return db.system(async (tx) => {
    const known = await findKnown(
      tx,
      snapshots.map(({ sensorId }) => sensorId),
    );
    const changed = snapshots.map(({ updates, staleBefore }, i) =>
      updates.filter(({ section, hash }) => {
        const stored = known[i]!.get(section);
        return stored?.content_hash !== hash || stored.observed_at < staleBefore;
      }),
    );
    const rows = snapshots.flatMap(({ tenantId, sensorId, observedAt }, i) =>
      changed[i]!.map((update) => ({ ...update, tenantId, sensorId, observedAt })),
    );
    await saveSections(tx, rows);
    return changed.map((updates) => updates.map(({ section }) => section));
  });
}

/** Sections of any number of sensors, each replacing what was there. */
export async function saveSections(
  tx: Tx,
  updates: readonly (SectionUpdate & {
    readonly tenantId: string;
    readonly sensorId: string;
    readonly observedAt: Date;
  })[],
): Promise<void> {
  if (updates.length === 0) return;
  await tx`
    INSERT INTO sensor_inventories (sensor_id, tenant_id, section, content_hash, content, observed_at)
    SELECT u.sensor_id, u.tenant_id, u.section, u.hash, u.content::jsonb, u.observed_at
    FROM unnest(${updates.map((u) => u.sensorId)}::uuid[], ${updates.map((u) => u.tenantId)}::uuid[],
                ${updates.map((u) => u.section)}::text[], ${updates.map((u) => u.hash)}::text[],
                ${updates.map((u) => u.content)}::text[], ${updates.map((u) => u.observedAt.toISOString())}::text[]::timestamptz[])
      AS u (sensor_id, tenant_id, section, hash, content, observed_at)
    ON CONFLICT (sensor_id, section) DO UPDATE
    SET content_hash = excluded.content_hash, content = excluded.content, observed_at = excluded.observed_at`;
}

export function listSections(db: Db, tenantId: string, sensorId: string): Promise<SectionRow[]> {
  return db.tenant(
    tenantId,
    (tx) => tx<SectionRow[]>`
      SELECT section, content, observed_at FROM sensor_inventories WHERE sensor_id = ${sensorId}`,
  );
}
