import type { SensorInstance } from "../../core/wire/stream.ts";
import type { Db } from "../stores/contract.ts";
import type { Start } from "./clones.ts";

interface InstanceRow {
  sensor_id: string;
  tenant_id: string;
  recent_starts: Start[];
  clone_suspected_at: Date | null;
}

/** Whose record is asked for. */
export interface SensorKey {
  readonly tenantId: string;
  readonly sensorId: string;
}

/** What a hello changes on the sensor's record. */
export interface InstanceUpdate {
  readonly starts: readonly Start[];
  readonly instance: SensorInstance;
  /** Undefined: nothing is suspected. */
  readonly clone: string | undefined;
}

/** A hello, to be judged by what is on the sensor's record. */
export interface Hello<T extends InstanceUpdate> extends SensorKey {
  readonly at: Date;
  readonly judge: (starts: readonly Start[]) => T;
}

/** What became of a hello, and when another node was suspected before it. */
export interface Judged<T extends InstanceUpdate> {
  readonly verdict: T;
  readonly suspectedBefore: Date | null;
}

/** The records as they are, in the order of the keys; undefined for a sensor that is not there. */
export async function findStarts(db: Db, keys: readonly SensorKey[]): Promise<(readonly Start[] | undefined)[]> {
  const sensorIds = keys.map((key) => key.sensorId);
  const rows = await db.system(
    (tx) => tx<Pick<InstanceRow, "sensor_id" | "tenant_id" | "recent_starts">[]>`
      SELECT sensor_id, tenant_id, recent_starts FROM sensors WHERE sensor_id = ANY(${sensorIds}::uuid[])`,
  );
  const found = new Map(rows.map((row) => [row.sensor_id, row]));
  return keys.map(({ tenantId, sensorId }) => {
    const row = found.get(sensorId);
    return row?.tenant_id === tenantId ? row.recent_starts : undefined;
  });
}

/**
 * Judges hellos against the records and keeps the results; several of one sensor one after the other. Gives what became of each, in
 * their order; undefined for a sensor that is not there. Rows are locked in the order of their ids, as everywhere.
 */
export function updateInstances<T extends InstanceUpdate>(
  db: Db,
  hellos: readonly Hello<T>[],
): Promise<(Judged<T> | undefined)[]> {
  const sensorIds = hellos.map((hello) => hello.sensorId);
  return db.system(async (tx) => {
    const rows = await tx<InstanceRow[]>`
      SELECT sensor_id, tenant_id, recent_starts, clone_suspected_at FROM sensors
      WHERE sensor_id = ANY(${sensorIds}::uuid[]) ORDER BY sensor_id FOR NO KEY UPDATE`;
    const records = new Map(rows.map((row) => [row.sensor_id, { ...row, changed: undefined as T | undefined }]));
    const suspicions = new Map<string, { at: Date; detail: string }>();
    const judged = hellos.map(({ tenantId, sensorId, at, judge }): Judged<T> | undefined => {
      const record = records.get(sensorId);
      if (record?.tenant_id !== tenantId) return undefined;
      const suspectedBefore = record.clone_suspected_at;
      const verdict = judge(record.recent_starts);
      record.changed = verdict;
      record.recent_starts = [...verdict.starts];
      if (verdict.clone !== undefined) {
        record.clone_suspected_at = at;
        suspicions.set(sensorId, { at, detail: verdict.clone });
      }
      return { verdict, suspectedBefore };
    });
    const changed = [...records.values()].filter((record) => record.changed !== undefined);
    if (changed.length === 0) return judged;
    const ids = changed.map((record) => record.sensor_id);
    await tx`
      UPDATE sensors s SET recent_starts = u.starts::jsonb, instance = u.instance::jsonb,
        clone_suspected_at = coalesce(u.suspected_at, s.clone_suspected_at),
        clone_detail = CASE WHEN u.suspected_at IS NULL THEN s.clone_detail ELSE u.detail END
      FROM unnest(${ids}::uuid[], ${changed.map((record) => JSON.stringify(record.recent_starts))}::text[],
        ${changed.map((record) => JSON.stringify(record.changed!.instance))}::text[],
        ${ids.map((id) => suspicions.get(id)?.at.toISOString() ?? null)}::text[]::timestamptz[],
        ${ids.map((id) => suspicions.get(id)?.detail ?? null)}::text[]) AS u (sensor_id, starts, instance, suspected_at, detail)
      WHERE s.sensor_id = u.sensor_id`;
    return judged;
  });
}
