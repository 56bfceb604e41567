import { join } from "node:path";
import type { ChdbAddon, ChdbConnection } from "./chdb.ts";
import { isStreamable, type ChdbRequest } from "./chdb-request.ts";
import { literal } from "../stores/ddl.ts";
import { insertRows } from "./chdb-rows.ts";
import { ChdbSessions, type Session } from "./chdb-sessions.ts";
import { Lane } from "./lane.ts";
import { PartGuard } from "./part-guard.ts";

// Inserts have a lane of their own, so that no number of slow questions can hold up what sensors wait for.
const READ_SLOTS = 12;
const WRITE_SLOTS = 4;
const MAX_WAITING = 512;
// A streamed answer travels block by block, and every block is in memory whole: a quarter of the usual rows.
const STREAM_BLOCK_ROWS = 16_384;
// The collector does not see the engine's memory behind a buffer; after so many bytes it is told to look.
const COLLECT_EVERY_BYTES = 32 * 1024 * 1024;
// Answers that cannot be streamed are held in memory whole.
const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;

/** Threads of the process that wait on the engine: one a slot, and some to spare for cancelling. */
export const ENGINE_THREADS = READ_SLOTS + WRITE_SLOTS + 4;

/** An answer: one piece at a time, pulled. `close` must be called when it is no longer wanted. */
export interface ChdbAnswer {
  next(): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Runs requests on the engine, each on a connection of its own, so that parameters and settings never mix. */
export class ChdbEngine {
  readonly #addon: ChdbAddon;
  readonly #path: string;
  readonly #args: readonly string[];
  readonly #rowsDir: string;
  readonly #keeper: ChdbConnection;
  readonly #reads = new Lane(READ_SLOTS, MAX_WAITING);
  readonly #writes = new Lane(WRITE_SLOTS, MAX_WAITING);
  readonly #sessions: ChdbSessions;
  readonly #parts: PartGuard;
  #uncollectedBytes = 0;

  /**
   * `rowsDir` is where the rows of an INSERT pass through: a directory that others cannot enter. `onBroken` is told when parts were
   * found that cannot be read: the process has to end and start again.
   */
  constructor(
    addon: ChdbAddon,
    path: string,
    args: readonly string[],
    rowsDir: string,
    onBroken: (what: string) => void,
  ) {
    this.#addon = addon;
    this.#path = path;
    this.#args = args;
    this.#rowsDir = rowsDir;
    // The engine ends with its last connection; this one keeps it.
    this.#keeper = addon.CreateConnection(path, args);
    this.#sessions = new ChdbSessions(addon, path, args, WRITE_SLOTS);
    this.#parts = new PartGuard(join(path, "store"), onBroken);
  }

  /** Begins to watch over what is written; call it once the databases are there. */
  start(): void {
    this.#parts.start();
  }

  /** Runs one statement without an answer, past the lanes: for start-up. */
  async command(sql: string): Promise<void> {
    await this.#addon.QueryAsyncConnection(this.#keeper, sql, "TabSeparated");
  }

  /** Runs a request; the signal stops it inside the engine too. */
  async run(request: ChdbRequest, signal: AbortSignal): Promise<ChdbAnswer> {
    const lane = request.data === undefined ? this.#reads : this.#writes;
    const leave = await lane.enter(signal);
    const settings = [`max_block_size = ${STREAM_BLOCK_ROWS}`, ...request.settings];
    if (request.data === undefined && !isStreamable(request.sql, request.format))
      settings.push(`max_result_bytes = ${MAX_BUFFERED_BYTES}`);
    let session: Session | undefined;
    let cancelled = false;
    const cancel = (): void => {
      cancelled = true;
      if (session) void this.#kill(session.mark);
    };
    const finish = (good = false): void => {
      signal.removeEventListener("abort", cancel);
      // One that was told to stop may be told so late, when it serves somebody else.
      if (session) this.#sessions.give(session, good && !cancelled);
      session = undefined;
      leave();
    };
    try {
      session = await this.#sessions.take(request, settings);
      signal.addEventListener("abort", cancel, { once: true });
      signal.throwIfAborted();
      return await this.#answer(request, session.connection, finish, cancel);
    } catch (error) {
      finish();
      throw error;
    }
  }

  /** Waits for everything running, then closes the data. */
  async close(): Promise<void> {
    this.#parts.stop();
    await Promise.all([this.#reads.drain(), this.#writes.drain()]);
    this.#sessions.close();
    this.#addon.CloseConnection(this.#keeper);
  }

  async #answer(
    request: ChdbRequest,
    connection: ChdbConnection,
    finish: (good?: boolean) => void,
    cancel: () => void,
  ): Promise<ChdbAnswer> {
    const { sql, data, format, params } = request;
    const addon = this.#addon;
    if (data !== undefined) {
      if (data.length > 0) {
        await insertRows(addon, connection, sql, data, this.#rowsDir);
        this.#parts.check();
      }
      finish(true);
      return single(undefined);
    }
    if (!isStreamable(sql, format)) {
      const result = await addon.QueryAsyncConnection(connection, sql, format, params);
      finish();
      return single(result.bytes);
    }
    const stream = addon.StreamQuery(connection, sql, format, params);
    let fetching: Promise<{ done: boolean; bytes: Uint8Array }> | undefined;
    let closed = false;
    const close = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      // A stream must not be freed under a worker that still fetches from it.
      if (fetching) {
        cancel();
        await fetching.catch(() => undefined);
      }
      addon.StreamCancel(stream);
      finish();
    };
    const next = async (): Promise<Uint8Array | undefined> => {
      try {
        fetching = addon.StreamFetch(stream);
        const piece = await fetching;
        fetching = undefined;
        if (!piece.done) {
          this.#noteStreamed(piece.bytes.length);
          return piece.bytes;
        }
      } catch (error) {
        fetching = undefined;
        await close();
        throw error;
      }
      await close();
      return undefined;
    };
    return { next, close };
  }

  #noteStreamed(bytes: number): void {
    this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < COLLECT_EVERY_BYTES) return;
    this.#uncollectedBytes = 0;
    Bun.gc(false);
  }

  async #kill(mark: string): Promise<void> {
    const sql = `KILL QUERY WHERE Settings['log_comment'] = ${literal(mark)} ASYNC`;
    const connection = this.#addon.CreateConnection(this.#path, this.#args);
    // A query that has just ended cannot be killed, and need not be.
    await this.#addon.QueryAsyncConnection(connection, sql, "TabSeparated").catch(() => undefined);
    this.#addon.CloseConnection(connection);
  }
}

function single(bytes: Uint8Array | undefined): ChdbAnswer {
  let rest = bytes;
  return {
    next: () => {
      const piece = rest?.length ? rest : undefined;
      rest = undefined;
      return Promise.resolve(piece);
    },
    close: () => Promise.resolve(),
  };
}
