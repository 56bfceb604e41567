-- Messages of the Kafka topics that could not be read as rows: kept whole, so that nothing is lost on the way.
CREATE TABLE IF NOT EXISTS queue_rejects
(
    topic LowCardinality(String),
    partition Int64,
    offset Int64,
    error String,
    message String CODEC(ZSTD(3)),
    rejected_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(rejected_at)
ORDER BY (topic, partition, offset)
TTL toDateTime(rejected_at) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
