import type { ClickHouseClient } from "@clickhouse/client";
import type { Log } from "../../core/log.ts";
import { pendingMigrations, type AppliedMigration, type Migration } from "./migrations.ts";

const LEDGER = `CREATE TABLE IF NOT EXISTS schema_migrations
(version UInt32, name String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/** Statements of a file: each ends with a semicolon at the end of its line. */
function statementsOf(sql: string): string[] {
  return sql
    .replace(/^\s*--.*$/gm, "")
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

const TRIES = 3;

/** Runs a statement; one that met the same work of another Console (a table swapped in that moment) is run again. */
async function run(client: ClickHouseClient, query: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await client.command({ query });
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/**
 * Brings ClickHouse to the newest schema. There is no transaction to lean on: a file holds statements that may run twice,
 * and it is recorded only after all of them succeeded.
 */
export async function migrateClickHouse(
  client: ClickHouseClient,
  migrations: readonly Migration[],
  log: Log,
): Promise<void> {
  await client.command({ query: LEDGER });
  const result = await client.query({
    query: "SELECT version, name, any(sha256) AS sha256 FROM schema_migrations GROUP BY version, name ORDER BY version",
    format: "JSONEachRow",
  });
  const applied = await result.json<AppliedMigration>();
  for (const { version, name, sha256, sql } of pendingMigrations("ClickHouse", migrations, applied)) {
    for (const query of statementsOf(sql)) await run(client, query);
    await client.insert({ table: "schema_migrations", values: [{ version, name, sha256 }], format: "JSONEachRow" });
    log.info("migrated", { store: "clickhouse", version, name });
  }
}
