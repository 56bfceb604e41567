import type { ClickHouseClient } from "@clickhouse/client";
import { QUEUED_TABLES } from "./topics.ts";

/** Tables that readers of the queue write into. */
const WRITTEN = [...QUEUED_TABLES, "queue_rejects"];

/** Parts that ClickHouse could not read when it started, and has put aside. */
export interface BrokenParts {
  readonly parts: readonly string[];
  /** When the first of them was put aside, milliseconds since 1970: at a start of ClickHouse, soon after it was written or long after. */
  readonly sinceMs: number;
}

/**
 * Parts that were put aside since the readers were made (`madeSecs`, seconds since 1970) and in the last day: a disk that refuses writes
 * leaves them behind, and what was read into them counts as read. Undefined: none.
 */
export async function findBrokenParts(client: ClickHouseClient, madeSecs: number): Promise<BrokenParts | undefined> {
  const result = await client.query({
    query: `SELECT table, name, toUnixTimestamp(modification_time) AS at FROM system.detached_parts
            WHERE database = currentDatabase() AND table IN ({tables:Array(String)}) AND startsWith(ifNull(reason, ''), 'broken')
              AND modification_time > now() - INTERVAL 1 DAY AND toUnixTimestamp(modification_time) > {made:UInt32}`,
    query_params: { tables: WRITTEN, made: madeSecs },
    format: "JSONEachRow",
  });
  const rows = await result.json<{ table: string; name: string; at: number }>();
  if (rows.length === 0) return undefined;
  return {
    parts: rows.map(({ table, name }) => `${table}/${name}`),
    sinceMs: Math.min(...rows.map(({ at }) => Number(at))) * 1000,
  };
}
