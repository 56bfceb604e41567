import type { Sql } from "postgres";
import { readSqlFiles } from "../../scripts/sql-files.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { parseMigrations, type Migration } from "../../src/console/stores/migrations.ts";
import { connectPostgres, type PostgresTarget } from "../../src/console/stores/postgres.ts";
import { REPOSITORY, testServers } from "./servers.ts";

let count = 0;

/** The migrations of a store, from sql/. */
export async function testMigrations(store: "postgres" | "clickhouse"): Promise<readonly Migration[]> {
  return parseMigrations(await readSqlFiles(REPOSITORY, store));
}

/** The same server, another database. */
export function inDatabase(target: PostgresTarget, database: string): PostgresTarget {
  if ("url" in target) throw new Error("the test server has a socket");
  return { ...target, database };
}

/** Runs as PostgreSQL's superuser. */
export async function asAdmin(run: (admin: Sql) => PromiseLike<unknown>): Promise<void> {
  const { postgres } = await testServers();
  const admin = connectPostgres(postgres.adminTarget, { maxConnections: 1 });
  try {
    await run(admin);
  } finally {
    await admin.end();
  }
}

/** An empty PostgreSQL database of the app role; give it back with `dropPostgres`. */
export async function emptyPostgres(template = "template0"): Promise<PostgresTarget> {
  const { postgres } = await testServers();
  const database = `test_${++count}`;
  await asAdmin((admin) => admin`CREATE DATABASE ${admin(database)} OWNER telovix TEMPLATE ${admin(template)}`);
  return inDatabase(postgres.target, database);
}

/** Drops a database made by `emptyPostgres`, also under open connections. */
export async function dropPostgres(target: PostgresTarget): Promise<void> {
  if ("url" in target) return;
  await asAdmin((admin) => admin`DROP DATABASE IF EXISTS ${admin(target.database)} WITH (FORCE)`);
}

async function commandOn(socketPath: string, query: string): Promise<void> {
  const client = connectClickHouse({ socketPath, database: "default" });
  try {
    await client.command({ query });
  } finally {
    await client.close();
  }
}

/** An empty ClickHouse database; give it back with `dropClickHouse`. */
export async function emptyClickHouse(): Promise<{ socketPath: string; database: string }> {
  const { clickhouse } = await testServers();
  if ("url" in clickhouse.target) throw new Error("the test server has a socket");
  const { socketPath } = clickhouse.target;
  const database = `test_${++count}`;
  await commandOn(socketPath, `CREATE DATABASE ${database}`);
  return { socketPath, database };
}

/** Drops a database made by `emptyClickHouse`. */
export async function dropClickHouse(target: { socketPath: string; database: string }): Promise<void> {
  await commandOn(target.socketPath, `DROP DATABASE IF EXISTS ${target.database} SYNC`);
}
