import postgres, { type Options, type PostgresType, type Sql } from "postgres";
import { AppError, errorMessage } from "../../core/error.ts";
import { isUuid } from "../../core/ids.ts";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Db, Tx } from "./contract.ts";
import { ChannelListener } from "./postgres-listen.ts";
import { isPostgresUnavailable, toStoreError } from "./postgres-errors.ts";

/** Where PostgreSQL is: a URL, or the directory of a Unix socket. */
export type PostgresTarget =
  | { readonly url: Secret }
  | { readonly socketDir: string; readonly user: string; readonly password: Secret; readonly database: string };

export interface PostgresOptions {
  /** Connections at most; 16 by default. */
  readonly maxConnections?: number;
  /** Transactions running or waiting for a connection at most; more are refused. 1,024 by default. */
  readonly maxPending?: number;
  readonly statementTimeoutMs?: number;
}

/** Oldest PostgreSQL that is supported, as `server_version_num` counts. */
const MIN_POSTGRES_VERSION = 150_000;

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a number`);
  return value;
}

const int8: PostgresType<number> = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: parseInt8,
};

/** The driver with our types and limits; `bigint` columns arrive as numbers. */
export function connectPostgres(target: PostgresTarget, options: PostgresOptions = {}): Sql<{ bigint: number }> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const shared: Options<{ bigint: PostgresType<number> }> = {
    max: options.maxConnections ?? 16,
    connect_timeout: 5,
    // The driver's own grows to 20 s a connection: a server that came back would look away for that long.
    backoff: (attempts: number) => Math.min(0.05 * 2 ** attempts, 1) * (0.5 + Math.random() / 2),
    idle_timeout: 300,
    max_lifetime: 3600,
    onnotice: () => {},
    types: { bigint: int8 },
    connection: {
      application_name: "telovix",
      // A plan is kept for as long as its tables' statistics: one made for the first few rows of a table would read the whole of it, over
      // and over, while it grows to thousands.
      plan_cache_mode: "force_custom_plan",
      statement_timeout: statementTimeoutMs,
      lock_timeout: Math.min(10_000, statementTimeoutMs),
      idle_in_transaction_session_timeout: 60_000,
    },
  };
  if ("url" in target) return postgres(target.url.reveal(), shared);
  const { socketDir, user, password, database } = target;
  return postgres({ ...shared, host: socketDir, port: 5432, user, password: password.reveal(), database });
}

async function checkServer(sql: Sql): Promise<void> {
  const [row] = await sql<{ version: number; name: string; super: boolean; bypass: boolean; role: string }[]>`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
           rolsuper AS super, rolbypassrls AS bypass, rolname AS role
    FROM pg_roles WHERE rolname = current_user`;
  if (!row) throw new AppError("unavailable", "PostgreSQL does not know the role it let in");
  if (row.version < MIN_POSTGRES_VERSION)
    throw new AppError("unavailable", `PostgreSQL ${row.name} is too old: version 15 or newer is needed`, {
      hint: "upgrade the server, or leave out --postgres-url to use the embedded one",
    });
  if (!row.super && !row.bypass) return;
  const what = row.super ? "is a superuser" : "has BYPASSRLS";
  throw new AppError("forbidden", `PostgreSQL role "${row.role}" ${what}: tenants would not be kept apart`, {
    hint: "CREATE ROLE telovix LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS; CREATE DATABASE telovix OWNER telovix; and use that role in --postgres-url",
  });
}

class PostgresDb implements Db, AsyncDisposable {
  readonly #sql: Sql;
  readonly #connect: () => Sql;
  readonly #maxPending: number;
  readonly #count: (outcome: string) => void;
  #pending = 0;

  constructor(sql: Sql, connect: () => Sql, maxPending: number, metrics: Metrics) {
    this.#sql = sql;
    this.#connect = connect;
    this.#maxPending = maxPending;
    const add = metrics.counter("telovix_console_postgres_transactions_total", "Transactions by outcome");
    this.#count = (outcome) => add(1, { outcome });
    const pending = metrics.gauge("telovix_console_postgres_transactions_pending", "Transactions running or waiting");
    metrics.onCollect(() => pending(this.#pending));
  }

  async tenant<T>(tenantId: string, run: (tx: Tx) => Promise<T>): Promise<T> {
    if (!isUuid(tenantId)) throw new AppError("internal", "a transaction needs a tenant");
    return this.#transaction((tx) => tx`SELECT set_config('telovix.tenant_id', ${tenantId}, true)`, run);
  }

  system<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction((tx) => tx`SELECT set_config('telovix.system', 'on', true)`, run);
  }

  listen(channel: string, take: (payload: string) => void, up: () => void): () => Promise<void> {
    const listener = new ChannelListener(this.#connect, this.#sql, channel, take, up);
    return () => listener.stop();
  }

  async ping(): Promise<void> {
    await this.#transaction(
      (tx) => tx`SELECT 1`,
      () => Promise.resolve(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.end({ timeout: 5 });
  }

  async #transaction<T>(scope: (tx: Tx) => Promise<unknown>, run: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#pending >= this.#maxPending) {
      this.#count("refused");
      throw new AppError("unavailable", "too many requests wait for the state database", { retryAfterSecs: 2 });
    }
    this.#pending++;
    try {
      // The scope must be set before the first query can run, so it is awaited and not pipelined.
      const result = await this.#sql.begin(async (tx) => {
        await scope(tx);
        return { value: await run(tx) };
      });
      this.#count("committed");
      return result.value as T;
    } catch (error) {
      this.#count(isPostgresUnavailable(error) ? "unavailable" : "rolled_back");
      throw toStoreError(error);
    } finally {
      this.#pending--;
    }
  }
}

/**
 * Connects, checks version and role, and gives the Console's way to its state. Run the migrations first.
 * Rejects with AppError `unavailable` (no server, too old) or `forbidden` (a role that row-level security does not bind).
 */
export async function openPostgres(
  target: PostgresTarget,
  log: Log,
  metrics: Metrics,
  options: PostgresOptions = {},
): Promise<Db & AsyncDisposable> {
  const sql = connectPostgres(target, options);
  try {
    await checkServer(sql);
  } catch (error) {
    await sql.end({ timeout: 0 });
    if (error instanceof AppError) throw error;
    throw new AppError("unavailable", `PostgreSQL refused the connection: ${errorMessage(error)}`, {
      cause: error,
      hint: "Check --postgres-url (host, port, user, password, database) and that the server lets this host in (pg_hba.conf).",
    });
  }
  log.debug("connected", { store: "postgres" });
  const alone = (): Sql => connectPostgres(target, { maxConnections: 1 });
  return new PostgresDb(sql, alone, options.maxPending ?? 1024, metrics);
}
