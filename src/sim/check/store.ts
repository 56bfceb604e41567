import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "../../core/error.ts";

/** Where the Console keeps its events: its data directory on this host, or the address of an external ClickHouse. */
export type EventStorePlace = { readonly dataDir: string } | { readonly url: string };

export interface StoredLane {
  readonly sensor_id: string;
  readonly epoch: string;
  /** Rows as any query sees them, and how many different numbers they have. */
  readonly rows: number;
  readonly numbers: number;
  /** Lowest and highest of them. */
  readonly first: number;
  readonly last: number;
  /** Of the messages' CRC-32, exclusive or: says whether what is stored is what was sent. */
  readonly crc: number;
}

/** Numbers of a sequence that are stored one after the other. */
export interface StoredIsland {
  readonly sensor_id: string;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
}

export interface LedgerEntry {
  readonly sensor_id: string;
  /** The sequence it is of; empty when it is of none. */
  readonly epoch: string;
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
  /** True when it names the numbers that are lost: from the one to the other. What an event tells was lost never had any. */
  readonly numbered: boolean;
  readonly from_seq: number;
  readonly to_seq: number;
}

const MAX_SOCKET_BYTES = 100;
/** Sequences asked about in one query. */
const LANES_AT_ONCE = 1_000;

/** Reads what the Console has stored, past the Console: the judge must not be the judged. */
export class StoredEvents implements AsyncDisposable {
  /** What the engine answers, as it is. */
  readonly query: (sql: string) => Promise<string>;
  readonly #close: () => Promise<void>;

  private constructor(query: (sql: string) => Promise<string>, close: () => Promise<void>) {
    this.query = query;
    this.#close = close;
  }

  static async open(place: EventStorePlace): Promise<StoredEvents> {
    if ("url" in place) {
      const url = new URL(place.url);
      const database = url.pathname.replace(/^\//, "") || "telovix";
      const authorization = `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}`;
      const headers = url.username ? { authorization } : {};
      return new StoredEvents(
        (sql) => ask(`${url.origin}/?database=${encodeURIComponent(database)}`, sql, { headers }),
        () => Promise.resolve(),
      );
    }
    let unix = join(place.dataDir, "clickhouse", "run", "http");
    let short: string | undefined;
    if (Buffer.byteLength(unix) > MAX_SOCKET_BYTES) {
      short = await mkdtemp(join(tmpdir(), "telovix-"));
      await symlink(dirname(unix), join(short, "s"));
      unix = join(short, "s", "http");
    }
    return new StoredEvents(
      (sql) => ask("http://clickhouse/?database=telovix", sql, { unix }),
      async () => {
        if (short !== undefined) await rm(short, { recursive: true, force: true });
      },
    );
  }

  async rows<T>(sql: string): Promise<T[]> {
    const text = await this.query(`${sql} SETTINGS output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow`);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as T);
  }

  /** Events taken in since a time, by sensor and epoch. */
  lanes(sinceMs: number): Promise<StoredLane[]> {
    return this.rows(`SELECT toString(sensor_id) AS sensor_id, toString(epoch) AS epoch, count() AS rows, uniqExact(seq) AS numbers,
      min(seq) AS first, max(seq) AS last, groupBitXor(CRC32(message)) AS crc
      FROM runtime_events FINAL WHERE ingested_at >= fromUnixTimestamp64Milli(${Math.floor(sinceMs)}) GROUP BY sensor_id, epoch`);
  }

  /** What is stored of some sequences since a time, number by number, in order. */
  async islands(epochs: readonly string[], sinceMs: number): Promise<StoredIsland[]> {
    const found: StoredIsland[] = [];
    for (let i = 0; i < epochs.length; i += LANES_AT_ONCE) {
      const some = epochs.slice(i, i + LANES_AT_ONCE).map((epoch) => `'${epoch.replaceAll(/[^0-9a-f]/g, "")}'`);
      found.push(
        ...(await this.rows<StoredIsland>(`SELECT toString(sensor_id) AS sensor_id, epoch, min(seq) AS first, max(seq) AS last FROM (
          SELECT sensor_id, epoch, seq, seq - row_number() OVER (PARTITION BY sensor_id, epoch ORDER BY seq) AS island FROM (
            SELECT DISTINCT sensor_id, toString(epoch) AS epoch, seq FROM runtime_events
            WHERE epoch IN (${some.join(",")}) AND ingested_at >= fromUnixTimestamp64Milli(${Math.floor(sinceMs)})))
          GROUP BY sensor_id, epoch, island ORDER BY sensor_id, epoch, first`)),
      );
    }
    return found;
  }

  /** The loss ledger since a time. Losses in the kernel are of events that never had a number. */
  async ledger(sinceMs: number): Promise<LedgerEntry[]> {
    const rows = await this.rows<Omit<LedgerEntry, "numbered"> & { source: string }>(
      `SELECT toString(sensor_id) AS sensor_id, epoch, toString(stage) AS stage, toString(cause) AS cause, count, toString(source) AS source,
        from_seq, to_seq
      FROM event_losses FINAL WHERE recorded_at >= fromUnixTimestamp64Milli(${Math.floor(sinceMs)}) AND stage != 'kernel' AND count > 0`,
    );
    return rows.map(({ source, ...row }) => ({ ...row, numbered: source !== "event" }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

async function ask(url: string, sql: string, more: object): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", body: sql, signal: AbortSignal.timeout(300_000), ...more });
  } catch (cause) {
    throw new AppError("unavailable", "The event store cannot be asked.", {
      cause,
      hint: "Name the Console's --data-dir on this host (as the same user), or its --clickhouse-url.",
    });
  }
  const text = await response.text();
  if (!response.ok) throw new AppError("unavailable", `The event store answered: ${text.slice(0, 300)}`);
  return text;
}
