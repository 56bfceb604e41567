import type { PendingQuery, Row } from "postgres";
import type { PipelineMetrics } from "../../core/wire/state.ts";
import { saveSections, type SectionUpdate } from "../inventory/store.ts";
import type { Db, Tx } from "../stores/contract.ts";

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
  readonly eventsPerSec: number;
  /** True when events were lost since the heartbeat before. */
  readonly lost: boolean;
}

/** What was on the record before the heartbeat. */
export interface Before {
  sensor_id: string;
  tenant_id: string;
  pipeline: PipelineMetrics | null;
  started_at: Date | null;
  last_seen_at: Date | null;
  has_system: boolean;
  not_after: Date | null;
  /** Section of the inventory → hash of what is stored. */
  hashes: Map<string, string>;
}

/** One sensor's part of a batch. */
export interface Recorded {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly update: HeartbeatUpdate;
  readonly sections: readonly SectionUpdate[];
  readonly observedAt: Date;
}

/**
 * Reads the records of several sensors and writes what `decide` makes of them, in one transaction. Rows are locked in the order of
 * their ids, so that processes with the same sensors wait for each other and never in a circle. A lost second of heartbeats is
 * harmless: nobody waits for the disk.
 */
export async function recordHeartbeats(
  db: Db,
  sensorIds: readonly string[],
  decide: (before: ReadonlyMap<string, Before>) => readonly Recorded[],
): Promise<void> {
  await db.system(async (tx) => {
    const [, before] = await Promise.all([
      tx`SELECT set_config('synchronous_commit', 'off', true)`,
      readBefore(tx, sensorIds, tx`FOR NO KEY UPDATE`),
    ]);
    const recorded = decide(before);
    if (recorded.length === 0) return;
    await updateSensors(tx, recorded);
    await saveSections(
      tx,
      recorded.flatMap(({ tenantId, sensorId, sections, observedAt }) =>
        sections.map((update) => ({ tenantId, sensorId, observedAt, ...update })),
      ),
    );
  });
}

/** The records of several sensors as they are: for when they can be read and not written. */
export function findBefore(db: Db, sensorIds: readonly string[]): Promise<Map<string, Before>> {
  return db.system((tx) => readBefore(tx, sensorIds, tx``));
}

async function readBefore(
  tx: Tx,
  sensorIds: readonly string[],
  lock: PendingQuery<Row[]>,
): Promise<Map<string, Before>> {
  const [rows, hashes] = await Promise.all([
    tx<Omit<Before, "hashes">[]>`
      SELECT sensor_id, tenant_id, pipeline, started_at, last_seen_at, system IS NOT NULL AS has_system,
        (SELECT max(not_after) FROM sensor_certificates c WHERE c.sensor_id = s.sensor_id AND c.status = 'active') AS not_after
      FROM sensors s WHERE sensor_id = ANY(${sensorIds as string[]}::uuid[]) ORDER BY sensor_id ${lock}`,
    tx<{ sensor_id: string; section: string; content_hash: string }[]>`
      SELECT sensor_id, section, content_hash FROM sensor_inventories
      WHERE sensor_id = ANY(${sensorIds as string[]}::uuid[])`,
  ]);
  const before = new Map(rows.map((row) => [row.sensor_id, { ...row, hashes: new Map<string, string>() }]));
  for (const { sensor_id, section, content_hash } of hashes) before.get(sensor_id)?.hashes.set(section, content_hash);
  return before;
}

/** A clock that moved by more than this against the Console's, since that was last noted, is noted anew. */
const CLOCK_MOVED_MS = 30_000;
/** Of one sensor; the oldest go. */
const MAX_CLOCK_CHANGES = 20;

async function updateSensors(tx: Tx, recorded: readonly Recorded[]): Promise<void> {
  const column = <T>(of: (update: HeartbeatUpdate) => T): T[] => recorded.map(({ update }) => of(update));
  const numbers = (of: (update: HeartbeatUpdate) => number): string[] => column((u) => String(of(u)));
  await tx`
    UPDATE sensors s SET last_seen_at = u.at, sensor_version = u.sensor_version, runtime_mode = u.runtime_mode,
      started_at = u.started_at, engine = u.engine::jsonb, trust = u.trust::jsonb, pipeline = u.pipeline::jsonb,
      resources = u.resources::jsonb, system = coalesce(u.system::jsonb, s.system), hooks_ok = u.hooks_ok,
      hooks_degraded = u.hooks_degraded, hooks_rejected = u.hooks_rejected, clock_skew_ms = u.clock_skew_ms,
      events_per_sec = u.events_per_sec, last_loss_at = CASE WHEN u.lost THEN u.at ELSE s.last_loss_at END,
      trust_state = CASE WHEN s.trust_state = 'bootstrap_pending' THEN 'trusted' ELSE s.trust_state END,
      clock_changes = CASE
        WHEN abs(u.clock_skew_ms - coalesce((s.clock_changes -> -1 ->> 1)::bigint, 0)) <= ${CLOCK_MOVED_MS} THEN s.clock_changes
        ELSE CASE WHEN jsonb_array_length(s.clock_changes) < ${MAX_CLOCK_CHANGES} THEN s.clock_changes ELSE s.clock_changes - 0 END
          -- What it sent before its first heartbeat has the same clock.
          || jsonb_build_array(jsonb_build_array(
               CASE WHEN s.last_seen_at IS NULL THEN 0 ELSE floor(extract(epoch FROM u.at) * 1000)::bigint END, u.clock_skew_ms)) END
    FROM unnest(${recorded.map((r) => r.sensorId)}::uuid[], ${column((u) => u.at.toISOString())}::text[]::timestamptz[],
      ${column((u) => u.sensorVersion)}::text[], ${column((u) => u.runtimeMode)}::text[],
      ${column((u) => u.startedAt.toISOString())}::text[]::timestamptz[], ${column((u) => u.engine)}::text[], ${column((u) => u.trust)}::text[],
      ${column((u) => u.pipeline)}::text[], ${column((u) => u.resources)}::text[],
      ${column((u) => u.system ?? null)}::text[], ${numbers((u) => u.hooks.ok)}::int[],
      ${numbers((u) => u.hooks.degraded)}::int[], ${numbers((u) => u.hooks.rejected)}::int[],
      ${numbers((u) => u.clockSkewMs)}::bigint[], ${numbers((u) => u.eventsPerSec)}::float8[],
      ${column((u) => String(u.lost))}::text[]::bool[]) AS u (sensor_id, at, sensor_version, runtime_mode, started_at, engine, trust,
      pipeline, resources, system, hooks_ok, hooks_degraded, hooks_rejected, clock_skew_ms, events_per_sec, lost)
    WHERE s.sensor_id = u.sensor_id`;
}
