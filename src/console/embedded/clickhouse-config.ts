const MIB = 1024 * 1024;

/** Memory that the engine may take: a quarter of the host's, between 512 MiB and 4 GiB. */
export function engineMemoryBytes(hostBytes: number): number {
  return Math.max(512 * MIB, Math.min(4096 * MIB, Math.floor(hostBytes / 4)));
}

/**
 * Space of the disk that inserts and merges leave alone: at most half of what counts as a full disk, so that the Console has stopped
 * inserting before.
 */
export function engineReserveBytes(diskBytes: number): number {
  return Math.floor(Math.min(100_000_000, diskBytes / 32));
}

/** ClickHouse's configuration for a small Console: modest caches, few background threads, some of the disk left free. */
export function clickhouseConfig(memoryBytes: number, reserveBytes: number): string {
  const values: Record<string, number> = {
    max_server_memory_usage: memoryBytes,
    mark_cache_size: 64 * MIB,
    index_mark_cache_size: 16 * MIB,
    uncompressed_cache_size: 0,
    mmap_cache_size: 64,
    background_pool_size: 4,
    background_merges_mutations_concurrency_ratio: 2,
    background_schedule_pool_size: 8,
    background_common_pool_size: 2,
    background_fetches_pool_size: 1,
    background_move_pool_size: 1,
    max_concurrent_queries: 64,
  };
  // Each insert is a part. The engine counts a small one for 5 MiB when it weighs a merge, so that at its usual base (5) the large part beside
  // them is written anew again and again: of sensors that send little, each row was merged hundreds of times an hour. With a base of 24 it is
  // three to five times, for a dozen parts more while rows come. What counts slots is made by merges too: a small part is half as many files.
  const tables: Record<string, number> = {
    merge_selector_base: 24,
    merge_selector_enable_heuristic_to_lower_max_parts_to_merge_at_once: 0,
    materialize_projections_on_insert: 0,
    materialize_projections_on_merge: 1,
  };
  const lines = linesOf(values, "  ");
  const merges = `  <merge_tree>\n${linesOf(tables, "    ")}  </merge_tree>\n`;
  // A reader of Kafka that was replaced or killed keeps its partitions for this long.
  const kafka = "  <kafka><session_timeout_ms>6000</session_timeout_ms></kafka>\n";
  const disks = `  <storage_configuration><disks><default><keep_free_space_bytes>${reserveBytes}</keep_free_space_bytes></default></disks></storage_configuration>\n`;
  return `<clickhouse>\n${lines}${merges}${kafka}${disks}</clickhouse>\n`;
}

const linesOf = (values: Readonly<Record<string, number>>, indent: string): string =>
  Object.entries(values)
    .map(([name, value]) => `${indent}<${name}>${value}</${name}>\n`)
    .join("");
