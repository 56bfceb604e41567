import { access, readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { AppError, errorMessage } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Stack } from "../core/service.ts";
import { dataPath, type ConsoleConfig } from "./config.ts";
import { chooseAccounts, type ServerAccounts } from "./embedded/account.ts";
import { startEmbeddedClickHouse } from "./embedded/clickhouse.ts";
import { MOVED, prepareDataDir, UNFINISHED_RESTORE } from "./embedded/directories.ts";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { findPrograms } from "./embedded/programs.ts";
import type { RunningServer } from "./embedded/running-server.ts";
import type { Dependency } from "./http/readiness.ts";
import type { Boot } from "./workers/boot.ts";
import { openSink, type EventSink } from "./kafka/open.ts";
import { connectClickHouse, openClickHouse, type ClickHouseTarget } from "./stores/clickhouse.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import { assertTables, assertWritable } from "./stores/faults.ts";
import { migrateClickHouse, type Exclusively } from "./stores/migrate-clickhouse.ts";
import { migratePostgres } from "./stores/migrate-postgres.ts";
import { parseMigrations } from "./stores/migrations.ts";
import { underLock } from "./stores/postgres-lock.ts";
import { connectPostgres, openPostgres, type PostgresTarget } from "./stores/postgres.ts";

/** A migration may move every event there is. */
const MIGRATION_TIMEOUT_MS = 24 * 3_600_000;

export interface StoresDeps {
  readonly config: ConsoleConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stack: Stack;
  /** Stores that another process of this host has started or found. */
  readonly attach?: Pick<Boot, "postgres" | "clickhouse"> | undefined;
  /** Connections to PostgreSQL that this process may have. */
  readonly maxConnections?: number;
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
  const half = await access(dataPath(config, UNFINISHED_RESTORE)).then(
    () => true,
    () => false,
  );
  if (half)
    throw new AppError("conflict", `a backup was being restored into ${config.dataDir} and did not get to its end`, {
      hint: `Remove the directory and restore again: rm -r ${config.dataDir}`,
    });
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
  embeddedElsewhere: boolean,
): Dependency {
  if (!server && embeddedElsewhere)
    return {
      name,
      ping,
      state: () => ({ runs: "embedded" }),
      action: "The Console starts it again when it ends; 'telovix console status' says more.",
    };
  if (!server)
    return { name, ping, state: () => ({ runs: "external" }), action: `Check the server that ${flag} names.` };
  return {
    name,
    ping,
    state: () => {
      const { status, restarts, reason } = server.state;
      return { runs: "embedded", status, restarts, ...(reason === undefined ? {} : { reason }) };
    },
    action: `The Console starts it again when it ends. If it stays away, or runs and does not answer: look at the Console's log (subsystem ${server.name}) and at its disk.`,
  };
}

/** Throws AppError `conflict` when an embedded store was copied elsewhere: going on with it would make two histories of one. */
async function assertNotMoved(config: ConsoleConfig, store: keyof typeof MOVED, flag: string): Promise<void> {
  const file = dataPath(config, MOVED[store]);
  const where = await readFile(file, "utf8").catch(() => undefined);
  if (where === undefined) return;
  throw new AppError("conflict", `the embedded ${store} of ${config.dataDir} was copied to ${where.trim()}`, {
    hint: `Start the Console with ${flag}. To go back to what was copied from, and lose what came since, remove ${file}.`,
  });
}

/** Where PostgreSQL is: as configured, or the embedded one, started for the life of the stack. */
export async function postgresTarget(
  { config, clock, log, stack, attach }: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<{ target: PostgresTarget; server?: RunningServer }> {
  if (attach) return { target: attach.postgres };
  if (config.postgresUrl) return { target: { url: config.postgresUrl } };
  const { postgresDir } = await findPrograms(config.dataDir);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, postgresDir, accounts, clock, log });
  stack.add("postgres", () => embedded[Symbol.asyncDispose]());
  return embedded;
}

/** Starts or finds PostgreSQL, connects and brings it to the newest schema. */
export async function openStateStore(
  deps: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<OpenStore<Db> & { readonly target: PostgresTarget }> {
  if (!deps.config.postgresUrl && !deps.attach) await assertNotMoved(deps.config, "postgres", "--postgres-url");
  const { target, server } = await postgresTarget(deps, accounts);
  // Version and role are checked before anything is made there: tables of a superuser would be in the way of the right role.
  const limits = deps.maxConnections === undefined ? {} : { maxConnections: deps.maxConnections };
  const store = await openPostgres(target, deps.log, deps.metrics, limits);
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
  return {
    store,
    target,
    dependency: dependency(
      "postgresql",
      "--postgres-url",
      () => assertWritable(store),
      server,
      !deps.config.postgresUrl,
    ),
  };
}

/** Where ClickHouse is: as configured, or the embedded one, started for the life of the stack. */
export async function clickhouseTarget(
  { config, clock, log, stack, attach }: StoresDeps,
  accounts: ServerAccounts | undefined,
): Promise<{ target: ClickHouseTarget; server?: RunningServer }> {
  if (attach) return { target: attach.clickhouse };
  if (config.clickhouseUrl) return { target: { url: config.clickhouseUrl } };
  const programs = await findPrograms(config.dataDir);
  const account = accounts?.server;
  const embedded = await startEmbeddedClickHouse({ dataDir: config.dataDir, programs, account, clock, log });
  stack.add("clickhouse", () => embedded[Symbol.asyncDispose]());
  return embedded;
}

/**
 * Starts or finds ClickHouse, connects and brings it to the newest schema; then what stands before it, if anything does. Of several
 * Consoles one does so at a time: `state` is what they share.
 */
export async function openEventStore(
  deps: StoresDeps,
  accounts: ServerAccounts | undefined,
  state: Promise<{ readonly target: PostgresTarget }>,
): Promise<OpenStore<EventDb> & { readonly queue: EventSink; readonly target: ClickHouseTarget }> {
  if (!deps.config.clickhouseUrl && !deps.attach) await assertNotMoved(deps.config, "clickhouse", "--clickhouse-url");
  const { target, server } = await clickhouseTarget(deps, accounts);
  const store = await openClickHouse(target, deps.log, deps.metrics);
  deps.stack.add("event store", () => store[Symbol.asyncDispose]());
  const client = connectClickHouse(target, MIGRATION_TIMEOUT_MS);
  let queue: EventSink;
  try {
    // One lock for both: a reader is made for the columns that a migration leaves.
    const exclusively: Exclusively = async (run) => {
      const waiting = (): void =>
        deps.log.info("another Console brings ClickHouse to the newest schema; it is waited for");
      await underLock((await state).target, "telovix clickhouse migrations", waiting, run);
    };
    await migrateClickHouse(client, parseMigrations(deps.clickhouseMigrations), deps.log, exclusively);
    const url = deps.config.redpandaUrl;
    queue = await openSink({ ...deps, url, clickhouse: target, events: store, exclusively, watch: !deps.attach });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("unavailable", "ClickHouse could not be brought to the newest schema.", {
      cause,
      hint: "Its user needs the right to create tables in its database.",
    });
  } finally {
    await client.close();
  }
  return {
    store,
    queue,
    target,
    dependency: dependency(
      "clickhouse",
      "--clickhouse-url",
      () => assertTables(store),
      server,
      !deps.config.clickhouseUrl,
    ),
  };
}
