import type { SensorInstance } from "../../core/wire/stream.ts";
import type { Db } from "../stores/contract.ts";
import type { Start } from "./clones.ts";

interface InstanceRow {
  recent_starts: Start[];
  clone_suspected_at: Date | null;
}

/** What a hello changes on the sensor's record. */
export interface InstanceUpdate {
  readonly starts: readonly Start[];
  readonly instance: SensorInstance;
  /** Undefined: nothing is suspected. */
  readonly clone: string | undefined;
}

/** The record as it is; undefined for a sensor that is not there. */
export async function findStarts(db: Db, tenantId: string, sensorId: string): Promise<readonly Start[] | undefined> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<Pick<InstanceRow, "recent_starts">[]>`SELECT recent_starts FROM sensors WHERE sensor_id = ${sensorId}`,
  );
  return row?.recent_starts;
}

/** Judges a hello against the record and keeps the result, one hello of a sensor at a time. Undefined for a sensor that is not there. */
export function updateInstance<T extends InstanceUpdate>(
  db: Db,
  tenantId: string,
  sensorId: string,
  at: Date,
  judge: (starts: readonly Start[]) => T,
): Promise<{ verdict: T; suspectedBefore: Date | null } | undefined> {
  return db.tenant(tenantId, async (tx) => {
    const [row] = await tx<InstanceRow[]>`
      SELECT recent_starts, clone_suspected_at FROM sensors WHERE sensor_id = ${sensorId} FOR UPDATE`;
    if (!row) return undefined;
    const verdict = judge(row.recent_starts);
    const { clone } = verdict;
    await tx`
      UPDATE sensors SET recent_starts = ${JSON.stringify(verdict.starts)}::text::jsonb,
        instance = ${JSON.stringify(verdict.instance)}::text::jsonb,
        clone_suspected_at = CASE WHEN ${clone !== undefined} THEN ${at} ELSE clone_suspected_at END,
        clone_detail = CASE WHEN ${clone !== undefined} THEN ${clone ?? null}::text ELSE clone_detail END
      WHERE sensor_id = ${sensorId}`;
    return { verdict, suspectedBefore: row.clone_suspected_at };
  });
}
