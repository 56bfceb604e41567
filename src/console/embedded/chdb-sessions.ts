import type { ChdbAddon, ChdbConnection } from "./chdb.ts";
import { ClickHouseException, type ChdbRequest } from "./chdb-request.ts";
import { literal } from "../stores/ddl.ts";

/** A connection made ready for a request. */
export interface Session {
  readonly connection: ChdbConnection;
  /** Names what runs on it to the engine. */
  readonly mark: string;
  /** What it was made ready for; undefined: for this request alone. */
  readonly key: string | undefined;
}

/**
 * Connections of the engine, one for each request at a time, so that parameters and settings never mix. Making one ready costs as much
 * as a small insert: those of inserts that ended well serve the next insert with the very same settings.
 */
export class ChdbSessions {
  readonly #addon: ChdbAddon;
  readonly #path: string;
  readonly #args: readonly string[];
  readonly #maxIdle: number;
  /** Longest unused first. */
  #idle: Session[] = [];

  constructor(addon: ChdbAddon, path: string, args: readonly string[], maxIdle: number) {
    this.#addon = addon;
    this.#path = path;
    this.#args = args;
    this.#maxIdle = maxIdle;
  }

  /** A connection on which these settings hold, each `name = 'value'`. */
  async take(
    request: Pick<ChdbRequest, "data" | "params" | "database">,
    settings: readonly string[],
  ): Promise<Session> {
    const { data, params, database } = request;
    const wanted = settings.join(", ");
    const alike = data !== undefined && Object.keys(params).length === 0;
    const key = alike ? `${database ?? ""} ${wanted}` : undefined;
    const at = key === undefined ? -1 : this.#idle.findIndex((idle) => idle.key === key);
    if (at >= 0) return this.#idle.splice(at, 1)[0]!;
    const connection = this.#addon.CreateConnection(this.#path, this.#args);
    const mark = crypto.randomUUID();
    try {
      await this.#run(connection, `SET log_comment = ${literal(mark)}, ${wanted}`);
      if (database !== undefined) await this.#run(connection, `USE ${identifier(database)}`);
    } catch (error) {
      this.#addon.CloseConnection(connection);
      throw error;
    }
    return { connection, mark, key };
  }

  /** Takes one back; `good`: nothing went wrong on it, and nobody has a word to say about it any more. */
  give(session: Session, good: boolean): void {
    if (good && session.key !== undefined) this.#idle.push(session);
    else this.#addon.CloseConnection(session.connection);
    if (this.#idle.length > this.#maxIdle) this.#addon.CloseConnection(this.#idle.shift()!.connection);
  }

  close(): void {
    for (const { connection } of this.#idle) this.#addon.CloseConnection(connection);
    this.#idle = [];
  }

  #run(connection: ChdbConnection, sql: string): Promise<unknown> {
    return this.#addon.QueryAsyncConnection(connection, sql, "TabSeparated");
  }
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new ClickHouseException(81, "UNKNOWN_DATABASE", "bad database name");
  return `\`${name}\``;
}
