import type { EngineState, PipelineMetrics, ResourceMetrics, SystemInfo } from "../../core/wire/state.ts";
import type { Db, EventDb, Tx } from "../stores/contract.ts";

/** What the list shows and health needs of one sensor: scalars only, so that 10,000 are read in one go. */
export interface SensorRow {
  sensor_id: string;
  node_name: string;
  declared_role: string;
  flavor: "standard" | "telecom";
  cluster: string | null;
  tags: string[];
  lifecycle: "active" | "disabled" | "revoked" | "decommissioned";
  trust_state: "trusted" | "rotated" | "bootstrap_pending" | "trust_revoked";
  enforcement_state: "observe" | "enforce_ready" | "enforced";
  assigned_pack_id: string | null;
  sensor_version: string | null;
  runtime_mode: string | null;
  engine_state: string | null;
  engine_reason: string | null;
  hooks_ok: number;
  hooks_degraded: number;
  hooks_rejected: number;
  trust_error_at: string | null;
  trust_error: string | null;
  kernel: string | null;
  os: string | null;
  enrolled_at: Date;
  last_seen_at: Date | null;
  last_loss_at: Date | null;
  not_after: Date | null;
  events_per_sec: number;
  events_rejected: number;
  events_lost: number;
  spool_depth: number | null;
  spool_max_events: number | null;
  cpu_percent: number | null;
  memory_percent: number | null;
  disk_percent: number | null;
  clock_skew_ms: number | null;
  clone_suspected_at: Date | null;
  clone_detail: string | null;
}

export interface SensorParts {
  engine: EngineState | null;
  pipeline: PipelineMetrics | null;
  resources: ResourceMetrics | null;
  system: SystemInfo | null;
}

export interface CertificateRow {
  serial: string;
  not_before: Date;
  not_after: Date;
  status: "pending" | "active" | "previous" | "revoked";
  valid_until: Date | null;
  created_at: Date;
  issuer_id: string | null;
}

const projection = (tx: Tx) => tx`
  s.sensor_id, s.node_name, s.declared_role, s.flavor, s.cluster, s.tags, s.lifecycle, s.trust_state, s.enforcement_state,
  s.assigned_pack_id, s.sensor_version, s.runtime_mode, s.engine->>'state' AS engine_state, s.engine->>'reason' AS engine_reason,
  s.hooks_ok, s.hooks_degraded, s.hooks_rejected, s.trust->>'last_error_at' AS trust_error_at, s.trust->>'last_error' AS trust_error, s.system->>'kernel' AS kernel,
  s.system->>'os' AS os, s.enrolled_at, s.last_seen_at, s.last_loss_at, c.not_after, s.events_per_sec, s.events_rejected,
  coalesce((s.pipeline->>'kernel_lost')::float8, 0) + coalesce((s.pipeline->>'spool_dropped')::float8, 0)
    + coalesce((s.pipeline->>'spool_corrupt')::float8, 0) + coalesce((s.pipeline->>'lines_malformed')::float8, 0) AS events_lost,
  (s.pipeline->>'spool_depth')::float8 AS spool_depth, (s.pipeline->>'spool_max_events')::float8 AS spool_max_events, (s.resources->>'cpu_percent')::float8 AS cpu_percent,
  100 * (s.resources->>'memory_used_bytes')::float8 / nullif((s.resources->>'memory_total_bytes')::float8, 0) AS memory_percent,
  100 * (s.resources->>'disk_used_bytes')::float8 / nullif((s.resources->>'disk_total_bytes')::float8, 0) AS disk_percent,
  s.clock_skew_ms, s.clone_suspected_at, s.clone_detail`;

const source = (tx: Tx) => tx`
  FROM sensors s LEFT JOIN LATERAL
    (SELECT max(not_after) AS not_after FROM sensor_certificates WHERE sensor_id = s.sensor_id AND status = 'active') c ON true`;

/** Every sensor of the tenant that was not taken down for good. */
export function listSensors(db: Db, tenantId: string): Promise<SensorRow[]> {
  return db.tenant(
    tenantId,
    (tx) => tx<SensorRow[]>`
      SELECT ${projection(tx)}
      FROM sensors s LEFT JOIN (SELECT sensor_id, max(not_after) AS not_after FROM sensor_certificates
                                WHERE status = 'active' GROUP BY sensor_id) c USING (sensor_id)
      WHERE s.tenant_id = ${tenantId}`,
  );
}

export function findSensor(
  db: Db,
  tenantId: string,
  sensorId: string,
): Promise<{ row: SensorRow; parts: SensorParts; certificates: CertificateRow[] } | undefined> {
  return db.tenant(tenantId, async (tx) => {
    const [row] = await tx<SensorRow[]>`SELECT ${projection(tx)} ${source(tx)} WHERE s.sensor_id = ${sensorId}`;
    if (!row) return undefined;
    const [parts] = await tx<SensorParts[]>`
      SELECT engine, pipeline, resources, system FROM sensors WHERE sensor_id = ${sensorId}`;
    const certificates = await tx<CertificateRow[]>`
      SELECT serial, not_before, not_after, status, valid_until, issuer_id, created_at FROM sensor_certificates
      WHERE sensor_id = ${sensorId} ORDER BY created_at DESC, serial LIMIT 50`;
    return { row, parts: parts!, certificates };
  });
}

/** Switches between active and disabled; the node's name, or undefined when the sensor is not in the state to leave. */
export async function updateLifecycle(
  db: Db,
  tenantId: string,
  sensorId: string,
  from: "active" | "disabled",
  to: "active" | "disabled",
): Promise<string | undefined> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<{ node_name: string }[]>`
      UPDATE sensors SET lifecycle = ${to} WHERE sensor_id = ${sensorId} AND lifecycle = ${from} RETURNING node_name`,
  );
  return row?.node_name;
}

/** Revokes a sensor and every certificate of it; undefined when it is revoked already or unknown. */
export function revokeSensor(
  db: Db,
  tenantId: string,
  sensorId: string,
  lifecycle: "revoked" | "decommissioned",
): Promise<string | undefined> {
  return db.tenant(tenantId, async (tx) => {
    const [row] = await tx<{ node_name: string }[]>`
      UPDATE sensors SET lifecycle = ${lifecycle}, trust_state = 'trust_revoked'
      WHERE sensor_id = ${sensorId} AND lifecycle NOT IN ('revoked', 'decommissioned') RETURNING node_name`;
    if (row) await tx`UPDATE sensor_certificates SET status = 'revoked' WHERE sensor_id = ${sensorId}`;
    return row?.node_name;
  });
}

/** Removes a sensor's record; its events stay until they are too old. */
export async function removeSensor(db: Db, tenantId: string, sensorId: string): Promise<string | undefined> {
  const [row] = await db.tenant(
    tenantId,
    (tx) => tx<{ node_name: string }[]>`DELETE FROM sensors WHERE sensor_id = ${sensorId} RETURNING node_name`,
  );
  return row?.node_name;
}

export interface ResourceBucket {
  /** Seconds since 1970. */
  bucket: number;
  cpu_percent: number;
  memory_percent: number;
  disk_percent: number;
  load_1m: number;
  network_rx_bytes: number;
  network_tx_bytes: number;
  sensor_rss_bytes: number;
  engine_rss_bytes: number;
  sensor_cpu_percent: number;
  engine_cpu_percent: number;
  events_total: number;
  spool_depth: number;
  last_at_ms: number;
}

/** Averages per step, oldest first; steps without a heartbeat have no row. Counters are the last ones of the step. */
export function listResources(
  events: EventDb,
  tenantId: string,
  sensorId: string,
  sinceSecs: number,
  stepSecs: number,
): Promise<ResourceBucket[]> {
  return events.select<ResourceBucket>(
    tenantId,
    `SELECT intDiv(toUnixTimestamp(r.at), {step:UInt32}) * {step:UInt32} AS bucket, avg(cpu_percent) AS cpu_percent,
       avg(memory_percent) AS memory_percent, avg(disk_percent) AS disk_percent, avg(load_1m) AS load_1m,
       argMax(network_rx_bytes, r.at) AS network_rx_bytes, argMax(network_tx_bytes, r.at) AS network_tx_bytes,
       avg(sensor_rss_bytes) AS sensor_rss_bytes, avg(engine_rss_bytes) AS engine_rss_bytes,
       avg(sensor_cpu_percent) AS sensor_cpu_percent, avg(engine_cpu_percent) AS engine_cpu_percent,
       argMax(events_total, r.at) AS events_total, max(spool_depth) AS spool_depth,
       toUnixTimestamp64Milli(max(r.at)) AS last_at_ms
     FROM sensor_resources AS r
     WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND r.at >= now64(3) - INTERVAL {since:UInt32} SECOND
     GROUP BY bucket ORDER BY bucket LIMIT 2000`,
    { sensor_id: sensorId, since: sinceSecs, step: stepSecs },
  );
}
