import type { Sql } from "postgres";
import type { Log } from "../../core/log.ts";
import { pendingMigrations, type AppliedMigration, type Migration } from "./migrations.ts";
import { sqlState } from "./postgres-errors.ts";

const UNIQUE_VIOLATION = "23505";
const DUPLICATE_TABLE = "42P07";
// The table's row type, which is made a moment before it.
const DUPLICATE_OBJECT = "42710";

async function createLedger(sql: Sql): Promise<void> {
  try {
    await sql`CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`;
  } catch (error) {
    // IF NOT EXISTS does not hold between two sessions; the loser's table is there all the same.
    const state = sqlState(error);
    if (state !== UNIQUE_VIOLATION && state !== DUPLICATE_TABLE && state !== DUPLICATE_OBJECT) throw error;
  }
}

/**
 * Brings PostgreSQL to the newest schema, one transaction a file. The version row goes in first: of two Consoles that start
 * together, the second waits on its primary key and then finds nothing left to do.
 */
export async function migratePostgres(sql: Sql, migrations: readonly Migration[], log: Log): Promise<void> {
  await createLedger(sql);
  const applied = await sql<AppliedMigration[]>`SELECT version, name, sha256 FROM schema_migrations ORDER BY version`;
  for (const { version, name, sha256, sql: text } of pendingMigrations("PostgreSQL", migrations, applied)) {
    const won = await sql.begin(async (tx) => {
      await tx`SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`;
      const rows = await tx`
        INSERT INTO schema_migrations (version, name, sha256) VALUES (${version}, ${name}, ${sha256})
        ON CONFLICT (version) DO NOTHING RETURNING version`;
      if (rows.length === 0) return false;
      await tx.unsafe(text);
      return true;
    });
    if (won) log.info("migrated", { store: "postgres", version, name });
  }
}
