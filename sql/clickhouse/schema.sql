-- The end state of all migrations, written by scripts/dump-schema.ts and checked by a test.
-- To be read, not run: tables stand in alphabetical order.

CREATE TABLE event_counts
(
    `tenant_id` UUID,
    `slot` DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    `severity` Enum8('info' = 0, 'warning' = 1, 'high' = 2, 'critical' = 3),
    `rows` UInt64,
    `seqs` UInt64,
    `events` UInt64,
    `late` UInt64,
    `counted_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(counted_at)
PARTITION BY toYYYYMM(slot)
ORDER BY (tenant_id, slot, severity)
TTL slot + toIntervalDay(800)
SETTINGS index_granularity = 8192;

CREATE TABLE event_losses
(
    `tenant_id` UUID,
    `sensor_id` UUID,
    `node_name` LowCardinality(String),
    `stage` LowCardinality(String),
    `cause` LowCardinality(String),
    `count` UInt64,
    `unknown` UInt8,
    `from_at` DateTime64(6, 'UTC'),
    `to_at` DateTime64(6, 'UTC'),
    `recorded_at` DateTime64(3, 'UTC'),
    `source` LowCardinality(String),
    `epoch` String,
    `from_seq` UInt64,
    `to_seq` UInt64
)
ENGINE = ReplacingMergeTree(recorded_at)
ORDER BY (tenant_id, sensor_id, source, epoch, stage, cause, from_seq)
TTL toDateTime(from_at) + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE integrity_leaves
(
    `tenant_id` UUID,
    `hour` DateTime('UTC'),
    `sensor_id` UUID,
    `epoch` LowCardinality(String),
    `first_seq` UInt64,
    `last_seq` UInt64,
    `links` UInt32,
    `events` UInt64,
    `missing` UInt64,
    `previous` String CODEC(ZSTD(1)),
    `head` String CODEC(ZSTD(1)),
    `written_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour, sensor_id, epoch)
TTL hour + toIntervalDay(760)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE integrity_links
(
    `tenant_id` UUID,
    `sensor_id` UUID,
    `epoch` LowCardinality(String),
    `first_seq` UInt64 CODEC(Delta(8), ZSTD(1)),
    `last_seq` UInt64 CODEC(Delta(8), ZSTD(1)),
    `events` UInt32,
    `previous` String CODEC(ZSTD(1)),
    `digest` String CODEC(ZSTD(1)),
    `link` String CODEC(ZSTD(1)),
    `missing` String CODEC(ZSTD(1)),
    `first_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `last_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `sealed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(sealed_at)
ORDER BY (tenant_id, sensor_id, epoch, last_seq, link)
TTL toDateTime(sealed_at) + toIntervalDay(760)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE queue_rejects
(
    `topic` LowCardinality(String),
    `partition` Int64,
    `offset` Int64,
    `error` String,
    `message` String CODEC(ZSTD(3)),
    `rejected_at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(rejected_at)
ORDER BY (topic, partition, offset)
TTL toDateTime(rejected_at) + toIntervalDay(30)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE runtime_events
(
    `tenant_id` UUID,
    `sensor_id` UUID,
    `epoch` LowCardinality(String),
    `seq` UInt64 CODEC(Delta(8), ZSTD(1)),
    `observed_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `node_name` LowCardinality(String),
    `event_kind` LowCardinality(String),
    `severity` Enum8('info' = 0, 'warning' = 1, 'high' = 2, 'critical' = 3),
    `message` String CODEC(ZSTD(1)),
    `process_executable` LowCardinality(String),
    `process_arguments` String CODEC(ZSTD(1)),
    `parent_executable` LowCardinality(String),
    `exec_id` String CODEC(ZSTD(1)),
    `parent_exec_id` String CODEC(ZSTD(1)),
    `ancestor_exec_ids` Array(String) CODEC(ZSTD(1)),
    `pid` UInt32,
    `ppid` UInt32,
    `uid` Nullable(UInt32),
    `auid` Nullable(UInt32),
    `container_id` LowCardinality(String),
    `pod_name` LowCardinality(String),
    `pod_namespace` LowCardinality(String),
    `workload_name` LowCardinality(String),
    `netns` UInt64,
    `file_path` String CODEC(ZSTD(1)),
    `local_addr` String CODEC(ZSTD(1)),
    `local_port` UInt16,
    `remote_addr` String CODEC(ZSTD(1)),
    `remote_port` UInt16,
    `dns_hostname` String CODEC(ZSTD(1)),
    `policy_name` LowCardinality(String),
    `function_name` LowCardinality(String),
    `event` String CODEC(ZSTD(3)),
    `raw` String CODEC(ZSTD(3)),
    `search` String MATERIALIZED lower(concat(message, ' ', process_executable, ' ', process_arguments, ' ', file_path, ' ', remote_addr, ' ', dns_hostname, ' ', node_name)) CODEC(ZSTD(1)),
    INDEX search_idx search TYPE ngrambf_v1(4, 32768, 3, 0) GRANULARITY 1,
    INDEX exec_id_idx exec_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX parent_exec_id_idx parent_exec_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX event_kind_idx event_kind TYPE set(64) GRANULARITY 1,
    INDEX severity_idx severity TYPE minmax GRANULARITY 1,
    INDEX seq_idx seq TYPE minmax GRANULARITY 1,
    PROJECTION by_slot
    (
        SELECT
            tenant_id,
            toStartOfFiveMinutes(observed_at) AS slot,
            severity,
            count(),
            sum(seq)
        GROUP BY
            tenant_id,
            slot,
            severity
    )
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (tenant_id, sensor_id, observed_at, epoch, seq)
TTL toDateTime(observed_at) + toIntervalDay(90)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 268435456, deduplicate_merge_projection_mode = 'rebuild';

CREATE TABLE sensor_resources
(
    `tenant_id` UUID,
    `sensor_id` UUID,
    `at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `cpu_percent` Float32,
    `memory_percent` Float32,
    `disk_percent` Float32,
    `load_1m` Float32,
    `network_rx_bytes` UInt64 CODEC(Delta(8), ZSTD(1)),
    `network_tx_bytes` UInt64 CODEC(Delta(8), ZSTD(1)),
    `sensor_rss_bytes` UInt64,
    `engine_rss_bytes` UInt64,
    `sensor_cpu_percent` Float32,
    `engine_cpu_percent` Float32,
    `events_total` UInt64,
    `events_lost` UInt64,
    `spool_depth` UInt32
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, sensor_id, at)
TTL toDateTime(at) + toIntervalDay(30)
SETTINGS index_granularity = 8192;
