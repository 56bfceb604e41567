import type { SensorSummary } from "../../core/api/sensors.ts";
import { computeHealth, type HealthFacts } from "./health.ts";
import type { SensorRow } from "./store.ts";
import { bySkew, trustHealth } from "./trust-health.ts";

export interface SummaryContext {
  readonly nowMs: number;
  readonly staleMs: number;
  readonly isConnected: (sensorId: string) => boolean;
  /** When a sensor was heard whose record does not say so yet, milliseconds since 1970. */
  readonly heardMs?: (sensorId: string) => number | undefined;
}

/** RFC 3339 text of a sensor to milliseconds; a text that is no time is none. */
function timeOf(text: string | null): number | undefined {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function revoked(row: SensorRow): boolean {
  return row.lifecycle === "revoked" || row.lifecycle === "decommissioned";
}

/** One row of the Sensors page from its record. Pure. */
export function summarize(row: SensorRow, context: SummaryContext): SensorSummary {
  const heard = Math.max(row.last_seen_at?.getTime() ?? 0, context.heardMs?.(row.sensor_id) ?? 0);
  const lastSeenMs = heard > 0 ? heard : undefined;
  const connected = context.isConnected(row.sensor_id) && row.lifecycle === "active";
  const trust = trustHealth(
    {
      revoked: revoked(row),
      notAfterMs: row.not_after?.getTime(),
      lastErrorMs: bySkew(timeOf(row.trust_error_at), row.clock_skew_ms ?? 0),
    },
    context.nowMs,
  );
  const facts: HealthFacts = {
    sensorId: row.sensor_id,
    lifecycle: row.lifecycle,
    trustHealth: trust,
    certificateEndsMs: row.not_after?.getTime(),
    enrolledMs: row.enrolled_at.getTime(),
    lastSeenMs,
    streamConnected: connected,
    engineState: row.engine_state ?? undefined,
    engineReason: row.engine_reason ?? undefined,
    runtimeMode: row.runtime_mode ?? undefined,
    hooksOk: row.hooks_ok,
    hooksDegraded: row.hooks_degraded,
    hooksRejected: row.hooks_rejected,
    lastLossMs: row.last_loss_at?.getTime(),
    cpuPercent: row.cpu_percent ?? undefined,
    memoryPercent: row.memory_percent ?? undefined,
    diskPercent: row.disk_percent ?? undefined,
    spoolDepth: row.spool_depth ?? undefined,
    spoolMaxEvents: row.spool_max_events ?? undefined,
    clockSkewMs: row.clock_skew_ms ?? undefined,
    cloneSuspectedMs: row.clone_suspected_at?.getTime(),
    cloneDetail: row.clone_detail ?? undefined,
  };
  const health = computeHealth(facts, context.nowMs, context.staleMs);
  return {
    sensor_id: row.sensor_id,
    node_name: row.node_name,
    declared_role: row.declared_role,
    flavor: row.flavor,
    cluster: row.cluster,
    tags: row.tags,
    lifecycle_status: health.status,
    health_state: health.state,
    health_reasons: health.reasons,
    trust_state: row.trust_state,
    trust_health: trust,
    runtime_mode: row.runtime_mode ?? "unknown",
    runtime_state: row.engine_state ?? "unknown",
    enforcement_state: row.enforcement_state,
    assigned_pack_id: row.assigned_pack_id,
    sensor_version: row.sensor_version,
    kernel: row.kernel,
    os: row.os,
    stream_connected: connected,
    enrolled_at: row.enrolled_at.toISOString(),
    last_seen_at: lastSeenMs === undefined ? null : new Date(lastSeenMs).toISOString(),
    certificate_expires_at: row.not_after?.toISOString() ?? null,
    events_per_sec: health.state === "offline" ? 0 : row.events_per_sec,
    events_lost: row.events_lost,
  };
}
