import type { RuntimeEvent } from "../../core/event/event.ts";

/** What the Console itself knows of an event: never taken from the message. */
export interface EventOrigin {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly nodeName: string;
  readonly epoch: string;
}

/** An event ready to be stored: stamped by the Console. */
export interface StoredEvent extends EventOrigin {
  readonly event: RuntimeEvent;
  readonly ingestedAtMs: number;
}

/** A row of `runtime_events` as inserted; names and types are those of sql/clickhouse. */
export interface RuntimeEventRow {
  tenant_id: string;
  sensor_id: string;
  epoch: string;
  seq: number;
  /** Microseconds since 1970. */
  observed_at: number;
  /** Milliseconds since 1970. */
  ingested_at: number;
  node_name: string;
  event_kind: string;
  severity: string;
  message: string;
  process_executable: string;
  process_arguments: string;
  parent_executable: string;
  exec_id: string;
  parent_exec_id: string;
  ancestor_exec_ids: string[];
  pid: number;
  ppid: number;
  uid: number | null;
  auid: number | null;
  container_id: string;
  pod_name: string;
  pod_namespace: string;
  workload_name: string;
  netns: number;
  file_path: string;
  local_addr: string;
  local_port: number;
  remote_addr: string;
  remote_port: number;
  dns_hostname: string;
  policy_name: string;
  function_name: string;
  event: string;
  raw: string;
}

/** Flattens an event into its row. */
export function toRuntimeEventRow(stored: StoredEvent): RuntimeEventRow {
  const { raw, ...event } = stored.event;
  const { process, workload, network, file, dns, hook } = event;
  return {
    tenant_id: stored.tenantId,
    sensor_id: stored.sensorId,
    epoch: stored.epoch,
    seq: event.seq,
    observed_at: event.observed_at_us,
    ingested_at: stored.ingestedAtMs,
    node_name: stored.nodeName,
    event_kind: event.kind,
    severity: event.severity,
    message: event.message,
    process_executable: process?.binary ?? "",
    process_arguments: process?.argv.slice(1).join(" ") ?? "",
    parent_executable: process?.parent_binary ?? "",
    exec_id: process?.exec_id ?? "",
    parent_exec_id: process?.parent_exec_id ?? "",
    ancestor_exec_ids: process?.ancestors.map((a) => a.exec_id) ?? [],
    pid: process?.pid ?? 0,
    ppid: process?.ppid ?? 0,
    uid: process?.uid ?? null,
    auid: process?.auid ?? null,
    container_id: workload?.container_id ?? "",
    pod_name: workload?.pod_name ?? "",
    pod_namespace: workload?.namespace ?? "",
    workload_name: workload?.workload_name ?? "",
    netns: process?.ns?.net ?? 0,
    file_path: file?.path ?? "",
    local_addr: network?.local_addr ?? "",
    local_port: network?.local_port ?? 0,
    remote_addr: network?.remote_addr ?? "",
    remote_port: network?.remote_port ?? 0,
    dns_hostname: network?.dns_hostname ?? dns?.query ?? "",
    policy_name: hook?.policy_name ?? "",
    function_name: hook?.function_name ?? "",
    event: JSON.stringify(event),
    raw: raw ?? "",
  };
}
