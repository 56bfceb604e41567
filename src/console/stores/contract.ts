import type { TransactionSql } from "postgres";

/** A transaction; its queries see one tenant's rows only (or all of them inside `Db.system`). */
export type Tx = TransactionSql;

/** PostgreSQL, reached only inside a transaction that names its tenant. */
export interface Db {
  /** Runs in a transaction whose row-level security is set to this tenant. */
  tenant<T>(tenantId: string, run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs in a transaction that sees every tenant: only for look-ups that come before the tenant is known, and for jobs. */
  system<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves when the server answers; rejects with AppError `unavailable`. */
  ping(): Promise<void>;
}

/** ClickHouse, reached only with a tenant: each query must use `{tenant_id:UUID}` and is refused without it. */
export interface EventDb {
  /** Rows of a SELECT. `params` are bound as ClickHouse query parameters (`{name:Type}`). */
  select<Row>(
    tenantId: string,
    sql: string,
    params?: Readonly<Record<string, unknown>>,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Row[]>;
  /** SELECT over all tenants: start-up and jobs only. */
  selectSystem<Row>(sql: string, params?: Readonly<Record<string, unknown>>): Promise<Row[]>;
  /** Inserts rows; resolves once they are durable (fsync), rejects with AppError `unavailable` otherwise. */
  insert(table: "runtime_events" | "sensor_resources" | "event_losses", rows: readonly object[]): Promise<void>;
  ping(): Promise<void>;
}
