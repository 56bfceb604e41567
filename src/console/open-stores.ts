import type { Clock } from "../core/clock.ts";
import { AppError, errorMessage } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Stack } from "../core/service.ts";
import type { ConsoleConfig } from "./config.ts";
import { chooseAccounts, type ServerAccounts } from "./embedded/account.ts";
import { startEmbeddedClickHouse } from "./embedded/clickhouse.ts";
import { prepareDataDir } from "./embedded/directories.ts";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { findPrograms } from "./embedded/programs.ts";
import type { RunningServer } from "./embedded/running-server.ts";
import type { Dependency } from "./http/readiness.ts";
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

/** An open store, and how it is asked whether it is well. */
export interface OpenStore<T> {
  readonly store: T;
  readonly dependency: Dependency;
}

/** Who runs the embedded servers; the data directory is made, and known to be one they can enter. */
export async function prepareEmbedded(config: ConsoleConfig): Promise<ServerAccounts | undefined> {
  const accounts = await chooseAccounts(process.getuid?.() ?? 0);
  const embedded = !config.postgresUrl || !config.clickhouseUrl;
  await prepareDataDir(config.dataDir, embedded ? accounts?.server : undefined);
  return accounts;
}

function dependency(
  name: string,
  flag: string,
  ping: () => Promise<void>,
  server: RunningServer | undefined,
): Dependency {
  if (!server)
    return { name, ping, state: () => ({ runs: "external" }), action: `Check the server that ${flag} names.` };
  return {
    name,
    ping,
    state: () => {
      const { status, restarts, reason } = server.state;
      return { runs: "embedded", status, restarts, ...(reason === undefined ? {} : { reason }) };
    },
    action: `The Console starts it again by itself. If it stays away: look at the Console's log (subsystem ${server.name}) and at the space on its disk.`,
  };
}

async function postgresTarget(
  { config, clock, log, stack }: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<{ target: PostgresTarget; server?: RunningServer }> {
  if (config.postgresUrl) return { target: { url: config.postgresUrl } };
  const { postgresDir } = await findPrograms(config.dataDir);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, postgresDir, accounts, clock, log });
  stack.add("postgres", () => embedded[Symbol.asyncDispose]());
  return embedded;
}

/** Starts or finds PostgreSQL, connects and brings it to the newest schema. */
export async function openStateStore(deps: StoresDeps, accounts: ServerAccounts | undefined): Promise<OpenStore<Db>> {
  const { target, server } = await postgresTarget(deps, accounts);
  // Version and role are checked before anything is made there: tables of a superuser would be in the way of the right role.
  const store = await openPostgres(target, deps.log, deps.metrics);
  deps.stack.add("state store", () => store[Symbol.asyncDispose]());
  const sql = connectPostgres(target, { maxConnections: 1 });
  try {
    await migratePostgres(sql, parseMigrations(deps.postgresMigrations), deps.log);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("unavailable", `PostgreSQL could not be brought to the newest schema: ${errorMessage(cause)}`, {
      cause,
      hint: "Its role must own the database, so that it may create tables there, and its disk needs space.",
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
  return { store, dependency: dependency("postgresql", "--postgres-url", () => store.ping(), server) };
}

async function clickhouseTarget(
  { config, clock, log, stack }: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<{ target: ClickHouseTarget; server?: RunningServer }> {
  if (config.clickhouseUrl) return { target: { url: config.clickhouseUrl } };
  const programs = await findPrograms(config.dataDir);
  const account = accounts?.server;
  const embedded = await startEmbeddedClickHouse({ dataDir: config.dataDir, programs, account, clock, log });
  stack.add("clickhouse", () => embedded[Symbol.asyncDispose]());
  return embedded;
}

/** Starts or finds ClickHouse, connects and brings it to the newest schema. */
export async function openEventStore(
  deps: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<OpenStore<EventDb>> {
  const { target, server } = await clickhouseTarget(deps, accounts);
  const store = await openClickHouse(target, deps.log, deps.metrics);
  deps.stack.add("event store", () => store[Symbol.asyncDispose]());
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
  return { store, dependency: dependency("clickhouse", "--clickhouse-url", () => store.ping(), server) };
}
