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

export async function findHashes(db: Db, tenantId: string, sensorId: string): Promise<Map<string, string>> {
  const rows = await db.tenant(
    tenantId,
    (tx) => tx<{ section: string; content_hash: string }[]>`
      SELECT section, content_hash FROM sensor_inventories WHERE sensor_id = ${sensorId}`,
  );
  return new Map(rows.map((row) => [row.section, row.content_hash]));
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
