-- One row a heartbeat: the sparklines of a sensor's page. By month; 30 days are kept.
CREATE TABLE IF NOT EXISTS sensor_resources
(
  tenant_id UUID,
  sensor_id UUID,
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  cpu_percent Float32,
  memory_percent Float32,
  disk_percent Float32,
  load_1m Float32,
  network_rx_bytes UInt64 CODEC(Delta, ZSTD),
  network_tx_bytes UInt64 CODEC(Delta, ZSTD),
  sensor_rss_bytes UInt64,
  engine_rss_bytes UInt64,
  sensor_cpu_percent Float32,
  engine_cpu_percent Float32,
  events_total UInt64,
  events_lost UInt64,
  spool_depth UInt32
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (tenant_id, sensor_id, at)
TTL toDateTime(at) + INTERVAL 30 DAY;
