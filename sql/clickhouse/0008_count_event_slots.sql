-- Histograms over days are made of counts by five minutes, not of the events themselves. A count holds as long as the rows it is of
-- do: the projection tells how many there are, and the sum of their numbers, without reading them.
ALTER TABLE runtime_events MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';
ALTER TABLE runtime_events ADD PROJECTION IF NOT EXISTS by_slot
  (SELECT tenant_id, toStartOfFiveMinutes(observed_at) AS slot, severity, count(), sum(seq) GROUP BY tenant_id, slot, severity);
ALTER TABLE runtime_events MATERIALIZE PROJECTION by_slot;

-- Each event once, a re-delivered one too; `rows` and `seqs` say of which rows.
CREATE TABLE IF NOT EXISTS event_counts
(
  tenant_id UUID,
  slot DateTime('UTC') CODEC(Delta, ZSTD),
  severity Enum8('info' = 0, 'warning' = 1, 'high' = 2, 'critical' = 3),
  rows UInt64,
  seqs UInt64,
  events UInt64,
  late UInt64,
  counted_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(counted_at)
PARTITION BY toYYYYMM(slot)
ORDER BY (tenant_id, slot, severity)
TTL slot + INTERVAL 800 DAY;
