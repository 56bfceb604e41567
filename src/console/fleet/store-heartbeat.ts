import type { PipelineMetrics } from "../../core/wire/state.ts";
import type { Db } from "../stores/contract.ts";

export interface HeartbeatUpdate {
  readonly sensorVersion: string;
  readonly runtimeMode: string;
  readonly startedAt: Date;
  /** JSON texts. */
  readonly engine: string;
  readonly trust: string;
  readonly pipeline: string;
  readonly resources: string;
  /** Undefined: as before. */
  readonly system: string | undefined;
  readonly hooks: { readonly ok: number; readonly degraded: number; readonly rejected: number };
  readonly clockSkewMs: number;
  readonly at: Date;
}

/** What was on the record before the heartbeat. */
export interface Before {
  pipeline: PipelineMetrics | null;
  started_at: Date | null;
  last_seen_at: Date | null;
  has_system: boolean;
  has_processes: boolean;
  not_after: Date | null;
}

export function findBefore(db: Db, tenantId: string, sensorId: string): Promise<Before | undefined> {
  return db.tenant(tenantId, async (tx) => {
    const [row] = await tx<Before[]>`
      SELECT pipeline, started_at, last_seen_at, system IS NOT NULL AS has_system,
        EXISTS (SELECT FROM sensor_inventories i WHERE i.sensor_id = s.sensor_id AND i.section = 'processes') AS has_processes,
        (SELECT max(not_after) FROM sensor_certificates c WHERE c.sensor_id = s.sensor_id AND c.status = 'active') AS not_after
      FROM sensors s WHERE sensor_id = ${sensorId}`;
    return row;
  });
}

export async function saveHeartbeat(
  db: Db,
  tenantId: string,
  sensorId: string,
  update: HeartbeatUpdate,
  rates: { readonly eventsPerSec: number; readonly lost: boolean },
): Promise<void> {
  await db.tenant(
    tenantId,
    (tx) => tx`
      UPDATE sensors SET last_seen_at = ${update.at}, sensor_version = ${update.sensorVersion}, runtime_mode = ${update.runtimeMode},
        started_at = ${update.startedAt}, engine = ${update.engine}::text::jsonb, trust = ${update.trust}::text::jsonb,
        pipeline = ${update.pipeline}::text::jsonb, resources = ${update.resources}::text::jsonb,
        system = coalesce(${update.system ?? null}::text::jsonb, system), hooks_ok = ${update.hooks.ok},
        hooks_degraded = ${update.hooks.degraded}, hooks_rejected = ${update.hooks.rejected},
        clock_skew_ms = ${update.clockSkewMs}, events_per_sec = ${rates.eventsPerSec},
        last_loss_at = CASE WHEN ${rates.lost} THEN ${update.at} ELSE last_loss_at END,
        trust_state = CASE WHEN trust_state = 'bootstrap_pending' THEN 'trusted' ELSE trust_state END
      WHERE sensor_id = ${sensorId}`,
  );
}
