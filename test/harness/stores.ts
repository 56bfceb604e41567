import { connectClickHouse, openClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { Db, EventAdmin, EventDb } from "../../src/console/stores/contract.ts";
import { migrateClickHouse } from "../../src/console/stores/migrate-clickhouse.ts";
import { migratePostgres } from "../../src/console/stores/migrate-postgres.ts";
import { connectPostgres, openPostgres, type PostgresTarget } from "../../src/console/stores/postgres.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import {
  asAdmin,
  dropClickHouse,
  dropPostgres,
  emptyClickHouse,
  emptyPostgres,
  inDatabase,
  testMigrations,
} from "./databases.ts";
import { closeAtEnd } from "./close-at-end.ts";
import { closeServers, testServers, type TestServers } from "./servers.ts";

closeAtEnd.push(closeServers);

export interface TestStores extends AsyncDisposable {
  readonly db: Db & AsyncDisposable;
  readonly events: EventDb & EventAdmin & AsyncDisposable;
  /** Where the fresh databases are, for a second connection. */
  readonly postgres: PostgresTarget;
  readonly clickhouse: { readonly socketPath: string; readonly database: string };
  readonly metrics: Metrics;
  /** Closes the connections and drops both databases. */
  dispose(): Promise<void>;
}

const TEMPLATE = "telovix_template";
const templates = new WeakMap<TestServers, Promise<void>>();

async function makeTemplate({ postgres }: TestServers): Promise<void> {
  await asAdmin((admin) => admin`CREATE DATABASE ${admin(TEMPLATE)} OWNER telovix TEMPLATE template0`);
  const sql = connectPostgres(inDatabase(postgres.target, TEMPLATE), { maxConnections: 1 });
  try {
    await migratePostgres(sql, await testMigrations("postgres"), silentLog);
  } finally {
    await sql.end();
  }
}

/**
 * Fresh, migrated stores on real servers (PostgreSQL and ClickHouse, one of each a test process, started on first use).
 * Use `await using stores = await testStores()`, or call `dispose` in afterAll.
 */
export async function testStores(): Promise<TestStores> {
  const servers = await testServers();
  const template = templates.get(servers) ?? makeTemplate(servers);
  templates.set(servers, template);
  await template;
  const metrics = new Metrics();
  const postgres = await emptyPostgres(TEMPLATE);
  const clickhouse = await emptyClickHouse();
  const client = connectClickHouse(clickhouse);
  await migrateClickHouse(client, await testMigrations("clickhouse"), silentLog);
  await client.close();
  const db = await openPostgres(postgres, silentLog, metrics, { maxConnections: 8 });
  const events = await openClickHouse(clickhouse, silentLog, metrics);
  let disposed = false;
  const dispose = async (): Promise<void> => {
    if (disposed) return;
    disposed = true;
    await db[Symbol.asyncDispose]();
    await events[Symbol.asyncDispose]();
    await dropPostgres(postgres);
    await dropClickHouse(clickhouse);
  };
  return { db, events, postgres, clickhouse, metrics, dispose, [Symbol.asyncDispose]: dispose };
}
