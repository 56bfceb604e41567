import { Agent } from "node:http";
import { createClient, ClickHouseError, type ClickHouseClient, type ClickHouseSettings } from "@clickhouse/client";
import { AppError, errorMessage } from "../../core/error.ts";
import { isUuid } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { EventRows } from "../rows/contract.ts";
import { encodeParts } from "../rows/encode.ts";
import { PlainRows } from "../rows/plain-rows.ts";
import type { ClickHouseTarget } from "./clickhouse-target.ts";
import type { EventAdmin, EventDb } from "./contract.ts";
import { createBlockInsert, type BlockInsert } from "./insert-blocks.ts";
import { toInsertError } from "./insert-errors.ts";
import { INSERT_EVENTS } from "./runtime-event-block.ts";
import type { RuntimeEventRow } from "./runtime-event-row.ts";

export type { ClickHouseTarget } from "./clickhouse-target.ts";

/** Oldest ClickHouse that is supported. */
const MIN_CLICKHOUSE_VERSION = [24, 8] as const;

const DEFAULT_TIMEOUT_MS = 30_000;
const INSERT_TIMEOUT_MS = 60_000;
/** ClickHouse takes texts of 256 KiB, with what the driver adds; those that tell of thousands of wrong clocks are longer and must ask for it. */
const LONG_QUERY_BYTES = 200_000;

// 64-bit numbers as numbers, not strings; times in ISO 8601, so that their zone is in the text.
const SETTINGS: ClickHouseSettings = {
  async_insert: 0,
  wait_end_of_query: 0,
  output_format_json_quote_64bit_integers: 0,
  date_time_output_format: "iso",
  date_time_input_format: "best_effort",
};

/** The driver with our settings: no retries, keep-alive, bounded connections. */
export function connectClickHouse(
  target: ClickHouseTarget,
  requestTimeoutMs: number = INSERT_TIMEOUT_MS + 5_000,
): ClickHouseClient {
  const shared = {
    application: "telovix",
    request_timeout: requestTimeoutMs,
    max_open_connections: 32,
    clickhouse_settings: SETTINGS,
    log: { level: 127 },
  } as const;
  if ("url" in target) return createClient({ ...shared, url: target.url.reveal() });
  // Without its own agent an option of node:http; the host in the URL is never looked up.
  const agentOptions = { keepAlive: true, maxSockets: 32, socketPath: target.socketPath };
  return createClient({
    ...shared,
    url: "http://embedded.invalid",
    database: target.database,
    http_agent: new Agent(agentOptions),
  });
}

function unavailable(error: unknown): AppError {
  return new AppError("unavailable", "the event database does not answer", { cause: error, retryAfterSecs: 2 });
}

// TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, SOCKET_TIMEOUT, NETWORK_ERROR, MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY,
// TOO_MANY_PARTS, NOT_ENOUGH_SPACE, ABORTED, QUERY_WAS_CANCELLED
const PASSING = new Set(["159", "202", "209", "210", "241", "242", "252", "243", "236", "394"]);

function toStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof ClickHouseError && !PASSING.has(error.code)) return error;
  return unavailable(error);
}

async function checkServer(client: ClickHouseClient): Promise<void> {
  const result = await client.query({ query: "SELECT version() AS version", format: "JSONEachRow" });
  const version = (await result.json<{ version: string }>())[0]?.version ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [minMajor, minMinor] = MIN_CLICKHOUSE_VERSION;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new AppError("unavailable", `ClickHouse ${version} is too old: version 24.8 or newer is needed`, {
    hint: "upgrade the server, or leave out --clickhouse-url to use the embedded one",
  });
}

class ClickHouseEventDb implements EventDb, EventAdmin, AsyncDisposable {
  readonly #client: ClickHouseClient;
  readonly #insertBlocks: BlockInsert;
  readonly #rows: (by: number, labels: { table: string }) => void;
  readonly #failures: (by: number, labels: { operation: string }) => void;

  constructor(client: ClickHouseClient, insertBlocks: BlockInsert, metrics: Metrics) {
    this.#client = client;
    this.#insertBlocks = insertBlocks;
    this.#rows = metrics.counter("telovix_console_clickhouse_rows_total", "Rows made durable, by table");
    this.#failures = metrics.counter("telovix_console_clickhouse_failures_total", "Failed calls, by operation");
  }

  async select<Row>(
    tenantId: string,
    sql: string,
    params: Readonly<Record<string, unknown>> = {},
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<Row[]> {
    if (!isUuid(tenantId)) throw new AppError("internal", "a query needs a tenant");
    if (!sql.includes("{tenant_id:UUID}")) throw new AppError("internal", "a query must name {tenant_id:UUID}");
    return this.#query<Row>(sql, { ...params, tenant_id: tenantId }, options);
  }

  selectSystem<Row>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    return this.#query<Row>(sql, params, {});
  }

  async insert(...[table, rows]: Parameters<EventDb["insert"]>): Promise<void> {
    if (rows.length === 0) return;
    if (table === "runtime_events") return this.insertEvents([new PlainRows(rows as RuntimeEventRow[])]);
    await this.#inserted(table, rows.length, (abort_signal) =>
      this.#client.insert({ table, values: rows as object[], format: "JSONEachRow", abort_signal }),
    );
  }

  /** Events by the million go as columns: the engine takes them several times faster than as JSON. */
  async insertEvents(parts: readonly EventRows[]): Promise<void> {
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    if (count === 0) return;
    await this.#inserted("runtime_events", count, async (signal) =>
      this.#insertBlocks(INSERT_EVENTS, await encodeParts(parts), signal),
    );
  }

  async #inserted(table: string, rows: number, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await run(AbortSignal.timeout(INSERT_TIMEOUT_MS));
    } catch (error) {
      this.#failures(1, { operation: "insert" });
      throw toInsertError(error, table);
    }
    this.#rows(rows, { table });
  }

  async command(sql: string): Promise<void> {
    try {
      await this.#client.command({ query: sql });
    } catch (error) {
      this.#failures(1, { operation: "command" });
      throw toStoreError(error);
    }
  }

  async ping(): Promise<void> {
    await this.#query("SELECT 1", {}, { timeoutMs: 5_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  async #query<Row>(
    query: string,
    params: Readonly<Record<string, unknown>>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Row[]> {
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs + 1_000);
    const bytes = Buffer.byteLength(query);
    try {
      const result = await this.#client.query({
        query,
        format: "JSONEachRow",
        query_params: { ...params },
        abort_signal: signal ? AbortSignal.any([signal, limit]) : limit,
        clickhouse_settings: {
          max_execution_time: timeoutMs / 1000,
          ...(bytes > LONG_QUERY_BYTES ? { max_query_size: String(2 * bytes) } : {}),
        },
      });
      return await result.json<Row>();
    } catch (error) {
      signal?.throwIfAborted();
      this.#failures(1, { operation: "select" });
      throw toStoreError(error);
    }
  }
}

/**
 * Connects, checks the version, and gives the Console's way to its events. Run the migrations first.
 * Rejects with AppError `unavailable` when there is no server or an old one.
 */
export async function openClickHouse(
  target: ClickHouseTarget,
  log: Log,
  metrics: Metrics,
): Promise<EventDb & EventAdmin & AsyncDisposable> {
  const client = connectClickHouse(target);
  try {
    await checkServer(client);
  } catch (error) {
    await client.close();
    if (error instanceof AppError) throw error;
    throw new AppError("unavailable", `ClickHouse refused the connection: ${errorMessage(error).split("\n")[0]!}`, {
      cause: error,
      hint: "Check --clickhouse-url (host, port of its HTTP interface, user, password) and that its database exists.",
    });
  }
  log.debug("connected", { store: "clickhouse" });
  return new ClickHouseEventDb(client, createBlockInsert(target), metrics);
}
