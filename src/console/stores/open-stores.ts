import { manifest } from "../../../embed/manifest.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { Stack } from "../../core/service.ts";
import { chooseAccounts, type ServerAccounts } from "../embedded/account.ts";
import { startEmbeddedClickHouse } from "../embedded/clickhouse.ts";
import { prepareDataDir } from "../embedded/directories.ts";
import { lockDataDir } from "../embedded/lock.ts";
import { startEmbeddedPostgres } from "../embedded/postgres.ts";
import { findPrograms } from "../embedded/programs.ts";
import type { RunningServer } from "../embedded/running-server.ts";
import { connectClickHouse, openClickHouse, type ClickHouseTarget } from "./clickhouse.ts";
import type { Db, EventDb } from "./contract.ts";
import { migrateClickHouse } from "./migrate-clickhouse.ts";
import { migratePostgres } from "./migrate-postgres.ts";
import { parseMigrations } from "./migrations.ts";
import { connectPostgres, openPostgres, type PostgresTarget } from "./postgres.ts";

export interface StoresConfig {
  readonly dataDir: string;
  /** Undefined: the embedded one. */
  readonly postgresUrl: Secret | undefined;
  readonly clickhouseUrl: Secret | undefined;
}

export interface StoreHealth {
  readonly name: string;
  /** Rejects when the store does not answer, with the reason if its server is down. */
  readonly ping: () => Promise<void>;
  /** What an operator does when it does not. */
  readonly action: string;
}

export interface Stores extends AsyncDisposable {
  readonly db: Db;
  readonly events: EventDb;
  /** One for each store, for /readyz. */
  readonly health: readonly StoreHealth[];
}

interface Host {
  readonly config: StoresConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stack: Stack;
  readonly accounts: ServerAccounts | undefined;
}

function health(name: string, store: { ping(): Promise<void> }, server: RunningServer | undefined): StoreHealth {
  const ping = async (): Promise<void> => {
    if (server && server.state.status !== "running")
      throw new Error(`${server.state.status}: ${server.state.reason ?? "it is being started"}`);
    await store.ping();
  };
  const action = server
    ? `it is restarted by itself; if that goes on, look for "${name}" in the Console's log and for room on the disk`
    : "see that the server runs and that this host can reach it";
  return { name, ping, action };
}

async function openState(host: Host): Promise<{ db: Db; health: StoreHealth }> {
  const { config, clock, log, metrics, stack } = host;
  let server: RunningServer | undefined;
  let target: PostgresTarget;
  if (config.postgresUrl) target = { url: config.postgresUrl };
  else {
    const { postgresDir } = await findPrograms(config.dataDir);
    const embedded = await startEmbeddedPostgres({
      dataDir: config.dataDir,
      postgresDir,
      accounts: host.accounts,
      clock,
      log,
    });
    stack.add("embedded postgres", () => embedded[Symbol.asyncDispose]());
    ({ server, target } = embedded);
  }
  const db = await openPostgres(target, log, metrics);
  stack.add("postgres", () => db[Symbol.asyncDispose]());
  const sql = connectPostgres(target, { maxConnections: 1 });
  try {
    await migratePostgres(sql, parseMigrations(manifest.postgresMigrations), log);
  } finally {
    await sql.end({ timeout: 5 });
  }
  return { db, health: health("postgres", db, server) };
}

async function openEvents(host: Host): Promise<{ events: EventDb; health: StoreHealth }> {
  const { config, clock, log, metrics, stack, accounts } = host;
  let server: RunningServer | undefined;
  let target: ClickHouseTarget;
  if (config.clickhouseUrl) target = { url: config.clickhouseUrl };
  else {
    const programs = await findPrograms(config.dataDir);
    const options = { dataDir: config.dataDir, programs, account: accounts?.server, clock, log };
    const embedded = await startEmbeddedClickHouse(options);
    stack.add("embedded clickhouse", () => embedded[Symbol.asyncDispose]());
    ({ server, target } = embedded);
  }
  const events = await openClickHouse(target, log, metrics);
  stack.add("clickhouse", () => events[Symbol.asyncDispose]());
  const client = connectClickHouse(target);
  try {
    await migrateClickHouse(client, parseMigrations(manifest.clickhouseMigrations), log);
  } finally {
    await client.close();
  }
  return { events, health: health("clickhouse", events, server) };
}

/**
 * Opens both stores, embedded where the configuration names no other, and brings them to the newest schema. Rejects with AppError
 * (`unavailable`, `conflict`, `forbidden`), nothing left running. Dispose it last: everything else writes to it.
 */
export async function openStores(config: StoresConfig, clock: Clock, log: Log, metrics: Metrics): Promise<Stores> {
  const stack = new Stack(log);
  try {
    const embeds = !config.postgresUrl || !config.clickhouseUrl;
    const accounts = embeds ? await chooseAccounts(process.getuid?.() ?? 0) : undefined;
    if (embeds) {
      await prepareDataDir(config.dataDir, accounts?.server);
      const lock = await lockDataDir(config.dataDir);
      stack.add("data directory", () => lock[Symbol.asyncDispose]());
    }
    const host: Host = { config, clock, log: log.child("stores"), metrics, stack, accounts };
    const [state, events] = await Promise.allSettled([openState(host), openEvents(host)]);
    if (state.status === "rejected") throw state.reason;
    if (events.status === "rejected") throw events.reason;
    return {
      db: state.value.db,
      events: events.value.events,
      health: [state.value.health, events.value.health],
      [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
    };
  } catch (error) {
    await stack[Symbol.asyncDispose]();
    throw error;
  }
}
