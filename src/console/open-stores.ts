import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Stack } from "../core/service.ts";
import type { ConsoleConfig } from "./config.ts";
import { chooseAccounts } from "./embedded/account.ts";
import { startEmbeddedClickHouse } from "./embedded/clickhouse.ts";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { findPrograms } from "./embedded/programs.ts";
import { connectClickHouse, openClickHouse, type ClickHouseTarget } from "./stores/clickhouse.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import { migrateClickHouse } from "./stores/migrate-clickhouse.ts";
import { migratePostgres } from "./stores/migrate-postgres.ts";
import { parseMigrations } from "./stores/migrations.ts";
import { connectPostgres, openPostgres, type PostgresTarget } from "./stores/postgres.ts";

export interface StoresDeps {
  readonly config: ConsoleConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stack: Stack;
  /** File name → SQL. */
  readonly postgresMigrations: Readonly<Record<string, string>>;
  readonly clickhouseMigrations: Readonly<Record<string, string>>;
}

async function postgresTarget({ config, clock, log, stack }: StoresDeps): Promise<PostgresTarget> {
  if (config.postgresUrl) return { url: config.postgresUrl };
  const { postgresDir } = await findPrograms(config.dataDir);
  const accounts = await chooseAccounts(process.getuid?.() ?? 0);
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir, postgresDir, accounts, clock, log });
  stack.add("postgres", async () => {
    await server[Symbol.asyncDispose]();
  });
  return server.target;
}

/** Starts or finds PostgreSQL, brings it to the newest schema and connects. */
export async function openStateStore(deps: StoresDeps): Promise<Db> {
  const target = await postgresTarget(deps);
  const sql = connectPostgres(target, { maxConnections: 1 });
  try {
    await migratePostgres(sql, parseMigrations(deps.postgresMigrations), deps.log);
  } catch (error) {
    // Whether it is the server or the schema that is at fault, openPostgres knows better words for the former.
    const db = await openPostgres(target, deps.log, deps.metrics);
    await db[Symbol.asyncDispose]();
    throw error;
  } finally {
    await sql.end({ timeout: 5 });
  }
  const db = await openPostgres(target, deps.log, deps.metrics);
  deps.stack.add("state store", async () => {
    await db[Symbol.asyncDispose]();
  });
  return db;
}

async function clickhouseTarget({ config, clock, log, stack }: StoresDeps): Promise<ClickHouseTarget> {
  if (config.clickhouseUrl) return { url: config.clickhouseUrl };
  const programs = await findPrograms(config.dataDir);
  const account = (await chooseAccounts(process.getuid?.() ?? 0))?.server;
  const server = await startEmbeddedClickHouse({ dataDir: config.dataDir, programs, account, clock, log });
  stack.add("clickhouse", async () => {
    await server[Symbol.asyncDispose]();
  });
  return server.target;
}

/** Starts or finds ClickHouse, brings it to the newest schema and connects. */
export async function openEventStore(deps: StoresDeps): Promise<EventDb> {
  const target = await clickhouseTarget(deps);
  const events = await openClickHouse(target, deps.log, deps.metrics);
  deps.stack.add("event store", async () => {
    await events[Symbol.asyncDispose]();
  });
  const client = connectClickHouse(target);
  try {
    await migrateClickHouse(client, parseMigrations(deps.clickhouseMigrations), deps.log);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("unavailable", "ClickHouse could not be brought to the newest schema.", {
      cause,
      hint: "Its user needs the right to create tables in its database.",
    });
  } finally {
    await client.close();
  }
  return events;
}
