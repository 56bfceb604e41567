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

async function findPending(client: ClickHouseClient, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const result = await client.query({
    query: "SELECT version, name, any(sha256) AS sha256 FROM schema_migrations GROUP BY version, name ORDER BY version",
    format: "JSONEachRow",
  });
  return pendingMigrations("ClickHouse", migrations, await result.json<AppliedMigration>());
}

/** Runs something while no other Console that may have this ClickHouse does so. */
export type Exclusively = (run: () => Promise<void>) => Promise<void>;

/**
 * Brings ClickHouse to the newest schema. There is no transaction to lean on: a file holds statements that may run twice,
 * and it is recorded only after all of them succeeded. Nor is there a lock: two Consoles at once would swap a table under each other,
 * and what one has taken in meanwhile would be gone; so work that is to be done is done `exclusively`.
 */
export async function migrateClickHouse(
  client: ClickHouseClient,
  migrations: readonly Migration[],
  log: Log,
  exclusively: Exclusively = (run) => run(),
): Promise<void> {
  await client.command({ query: LEDGER });
  if ((await findPending(client, migrations)).length === 0) return;
  await exclusively(async () => {
    // Another one may have done it meanwhile.
    for (const { version, name, sha256, sql } of await findPending(client, migrations)) {
      for (const query of statementsOf(sql)) await client.command({ query });
      await client.insert({ table: "schema_migrations", values: [{ version, name, sha256 }], format: "JSONEachRow" });
      log.info("migrated", { store: "clickhouse", version, name });
    }
  });
}
