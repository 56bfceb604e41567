-- The loss ledger: what is known to be missing, where on its way it went, and between which times. Never sampled.
CREATE TABLE IF NOT EXISTS event_losses
(
  tenant_id UUID,
  sensor_id UUID,
  node_name LowCardinality(String),
  stage LowCardinality(String),
  cause LowCardinality(String),
  count UInt64,
  from_at DateTime64(6, 'UTC'),
  to_at DateTime64(6, 'UTC'),
  recorded_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(from_at)
ORDER BY (tenant_id, sensor_id, from_at)
TTL toDateTime(from_at) + INTERVAL 90 DAY;
