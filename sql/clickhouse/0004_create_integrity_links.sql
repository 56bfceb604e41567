-- The loss ledger gets a natural key, so that what is told twice counts once: `source` and `epoch` name who tells of it, `from_seq`
-- where in that. Rows that were there keep what they say; they are told apart by what they hold and their number among equals.
-- `unknown`: something went, and nobody can say how much; `count` is 0 then.
ALTER TABLE event_losses
  ADD COLUMN IF NOT EXISTS source LowCardinality(String),
  ADD COLUMN IF NOT EXISTS epoch String,
  ADD COLUMN IF NOT EXISTS from_seq UInt64,
  ADD COLUMN IF NOT EXISTS to_seq UInt64,
  ADD COLUMN IF NOT EXISTS unknown UInt8;

CREATE OR REPLACE TABLE event_losses
(
  tenant_id UUID,
  sensor_id UUID,
  node_name LowCardinality(String),
  stage LowCardinality(String),
  cause LowCardinality(String),
  count UInt64,
  unknown UInt8,
  from_at DateTime64(6, 'UTC'),
  to_at DateTime64(6, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  source LowCardinality(String),
  epoch String,
  from_seq UInt64,
  to_seq UInt64
)
ENGINE = ReplacingMergeTree(recorded_at)
ORDER BY (tenant_id, sensor_id, source, epoch, stage, cause, from_seq)
TTL toDateTime(from_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
AS SELECT
  tenant_id, sensor_id, node_name, stage, cause, count, unknown, from_at, to_at, recorded_at,
  if(b.source = '', 'old', b.source) AS source,
  if(b.source = '', hex(sipHash128(tenant_id, sensor_id, node_name, stage, cause, count, from_at, to_at, recorded_at)), b.epoch) AS epoch,
  if(b.source = '', row_number() OVER (PARTITION BY tenant_id, sensor_id, node_name, stage, cause, count, from_at, to_at, recorded_at), b.from_seq) AS from_seq,
  b.to_seq AS to_seq
FROM event_losses AS b;

-- The hash chain over each sequence of a sensor: one row a block of events (docs/integrity.md). Hashes are SHA-256 in hex.
CREATE TABLE IF NOT EXISTS integrity_links
(
  tenant_id UUID,
  sensor_id UUID,
  epoch LowCardinality(String),
  first_seq UInt64 CODEC(Delta, ZSTD),
  last_seq UInt64 CODEC(Delta, ZSTD),
  events UInt32,
  previous String CODEC(ZSTD),
  digest String CODEC(ZSTD),
  link String CODEC(ZSTD),
  -- Canonical JSON, as it went into the link; empty when nothing is missing.
  missing String CODEC(ZSTD),
  -- Of the sensor's clock; to find blocks by time.
  first_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
  last_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
  sealed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(sealed_at)
ORDER BY (tenant_id, sensor_id, epoch, last_seq, link)
TTL toDateTime(sealed_at) + INTERVAL 760 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

-- What each signed root of an hour stands on: the stretch of every chain it covers.
CREATE TABLE IF NOT EXISTS integrity_leaves
(
  tenant_id UUID,
  hour DateTime('UTC'),
  sensor_id UUID,
  epoch LowCardinality(String),
  first_seq UInt64,
  last_seq UInt64,
  links UInt32,
  events UInt64,
  missing UInt64,
  previous String CODEC(ZSTD),
  head String CODEC(ZSTD),
  written_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour, sensor_id, epoch)
TTL hour + INTERVAL 760 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;
