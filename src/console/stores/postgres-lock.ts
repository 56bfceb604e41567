import { connectPostgres, type PostgresTarget } from "./postgres.ts";

/**
 * Runs something while no other Console on this PostgreSQL runs anything under the same name. `waiting` is called when another one
 * does. The lock ends with its connection, so nobody holds it who has ended.
 */
export async function underLock<T>(
  target: PostgresTarget,
  name: string,
  waiting: () => void,
  run: () => Promise<T>,
): Promise<T> {
  const sql = connectPostgres(target, { maxConnections: 1 });
  try {
    return (await sql.begin(async (tx) => {
      // It may take as long as it takes: another one moves a table, say.
      await tx`SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true),
        set_config('idle_in_transaction_session_timeout', '0', true)`;
      const [row] = await tx<
        { held: boolean }[]
      >`SELECT pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) AS held`;
      if (!row?.held) {
        waiting();
        await tx`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
      }
      return run();
    })) as T;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
