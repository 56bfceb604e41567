import type { Db } from "../stores/contract.ts";

export const SECTIONS = ["processes", "connections", "listening", "flows"] as const;
export type Section = (typeof SECTIONS)[number];

export interface SectionRow {
  section: Section;
  content: unknown[];
  observed_at: Date;
}

export interface SectionUpdate {
  readonly section: Section;
  readonly hash: string;
  /** JSON text. */
  readonly content: string;
}

export async function findHashes(db: Db, tenantId: string, sensorId: string): Promise<Map<string, string>> {
  const rows = await db.tenant(
    tenantId,
    (tx) => tx<{ section: string; content_hash: string }[]>`
      SELECT section, content_hash FROM sensor_inventories WHERE sensor_id = ${sensorId}`,
  );
  return new Map(rows.map((row) => [row.section, row.content_hash]));
}

export async function saveSections(
  db: Db,
  tenantId: string,
  sensorId: string,
  updates: readonly SectionUpdate[],
  observedAt: Date,
): Promise<void> {
  await db.tenant(
    tenantId,
    (tx) => tx`
      INSERT INTO sensor_inventories (sensor_id, tenant_id, section, content_hash, content, observed_at)
      SELECT ${sensorId}, ${tenantId}, u.section, u.hash, u.content::jsonb, ${observedAt}
      FROM unnest(${updates.map((u) => u.section)}::text[], ${updates.map((u) => u.hash)}::text[],
                  ${updates.map((u) => u.content)}::text[]) AS u (section, hash, content)
      ON CONFLICT (sensor_id, section) DO UPDATE
      SET content_hash = excluded.content_hash, content = excluded.content, observed_at = excluded.observed_at`,
  );
}

export function listSections(db: Db, tenantId: string, sensorId: string): Promise<SectionRow[]> {
  return db.tenant(
    tenantId,
    (tx) => tx<SectionRow[]>`
      SELECT section, content, observed_at FROM sensor_inventories WHERE sensor_id = ${sensorId}`,
  );
}
