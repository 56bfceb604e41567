-- Partitions of a week instead of a month. Retention drops whole parts, so an event is gone a week after its time at the latest, and a
-- full disk is helped by giving up one week. An insert touches as many partitions as its events' times span: 14 at most, since older
-- events are refused.
CREATE OR REPLACE TABLE runtime_events
(
  tenant_id UUID,
  sensor_id UUID,
  epoch LowCardinality(String),
  seq UInt64 CODEC(Delta, ZSTD),
  observed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
  ingested_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  node_name LowCardinality(String),
  event_kind LowCardinality(String),
  severity Enum8('info' = 0, 'warning' = 1, 'high' = 2, 'critical' = 3),
  message String CODEC(ZSTD),
  process_executable LowCardinality(String),
  process_arguments String CODEC(ZSTD),
  parent_executable LowCardinality(String),
  exec_id String CODEC(ZSTD),
  parent_exec_id String CODEC(ZSTD),
  ancestor_exec_ids Array(String) CODEC(ZSTD),
  pid UInt32,
  ppid UInt32,
  uid Nullable(UInt32),
  auid Nullable(UInt32),
  container_id LowCardinality(String),
  pod_name LowCardinality(String),
  pod_namespace LowCardinality(String),
  workload_name LowCardinality(String),
  netns UInt64,
  file_path String CODEC(ZSTD),
  local_addr String CODEC(ZSTD),
  local_port UInt16,
  remote_addr String CODEC(ZSTD),
  remote_port UInt16,
  dns_hostname String CODEC(ZSTD),
  policy_name LowCardinality(String),
  function_name LowCardinality(String),
  -- The event as the sensor sent it (core/event), JSON, without its raw line.
  event String CODEC(ZSTD(3)),
  raw String CODEC(ZSTD(3)),
  -- Lower-cased words of the fields a text search looks at.
  search String MATERIALIZED lower(concat(message, ' ', process_executable, ' ', process_arguments, ' ', file_path, ' ', remote_addr, ' ', dns_hostname, ' ', node_name)) CODEC(ZSTD),
  INDEX search_idx search TYPE ngrambf_v1(4, 32768, 3, 0) GRANULARITY 1,
  INDEX exec_id_idx exec_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX parent_exec_id_idx parent_exec_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX event_kind_idx event_kind TYPE set(64) GRANULARITY 1,
  INDEX severity_idx severity TYPE minmax GRANULARITY 1,
  INDEX seq_idx seq TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (tenant_id, sensor_id, observed_at, epoch, seq)
TTL toDateTime(observed_at) + INTERVAL 90 DAY
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1
AS SELECT
  tenant_id, sensor_id, epoch, seq, observed_at, ingested_at, node_name, event_kind, severity, message,
  process_executable, process_arguments, parent_executable, exec_id, parent_exec_id, ancestor_exec_ids, pid, ppid,
  uid, auid, container_id, pod_name, pod_namespace, workload_name, netns, file_path, local_addr, local_port,
  remote_addr, remote_port, dns_hostname, policy_name, function_name, event, raw
FROM runtime_events;
