import type { TransactionSql } from "postgres";
import type { EventRows } from "../rows/contract.ts";

/** A transaction; its queries see one tenant's rows only (or all of them inside `Db.system`). */
export type Tx = TransactionSql;

/** PostgreSQL, reached only inside a transaction that names its tenant. */
export interface Db {
  /** Runs in a transaction whose row-level security is set to this tenant. */
  tenant<T>(tenantId: string, run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs in a transaction that sees every tenant: only for look-ups that come before the tenant is known, and for jobs. */
  system<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Hears what is said on a channel (`pg_notify`) by every process on this database. `up` is called whenever the connection that
   * listens is there, the first time too: what was said while it was not is lost. Gives how to stop.
   */
  listen(channel: string, take: (payload: string) => void, up: () => void): () => Promise<void>;
  /** Resolves when the server answers; rejects with AppError `unavailable`. */
  ping(): Promise<void>;
}

/** ClickHouse, reached only with a tenant: each query must use `{tenant_id:UUID}` and is refused without it. */
export interface EventDb {
  /** What was inserted may be readable only later: that something is not stored yet does not say that it was never had. */
  readonly deferred?: boolean;
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
  insert(
    table:
      | "runtime_events"
      | "sensor_resources"
      | "event_losses"
      | "integrity_links"
      | "integrity_leaves"
      | "event_counts",
    rows: readonly object[],
  ): Promise<void>;
  /** The same for rows of events by the batch, as ingest has them. */
  insertEvents(parts: readonly EventRows[]): Promise<void>;
  ping(): Promise<void>;
}

/** Changes of ClickHouse's tables. The text is ours; nothing from outside is put into it. */
export interface EventAdmin {
  command(sql: string): Promise<void>;
}
