import { join } from "node:path";

/** Which numbers of a sequence are asked about: above `from`, up to `to`. */
export interface Span {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
}

/** What is stored of a span. */
export interface StoredSpan {
  readonly epoch: string;
  /** Rows as any query sees them, and how many different numbers they have. */
  readonly rows: number;
  readonly numbers: number;
}

/** Numbers of a sequence that are stored one after the other. */
export interface StoredIsland {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
}

/** A row of the ledger that speaks of numbers. */
export interface LostRange {
  readonly epoch: string;
  readonly stage: string;
  readonly cause: string;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly unknown: number;
}

export interface Reach {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
}

/** A time in which something was lost, microseconds since 1970. */
export interface BlindTime {
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
  /** 1 when nobody knows how many. */
  readonly unknown: number;
  readonly from_us: number;
  readonly to_us: number;
}

const TIMEOUT_MS = 30_000;
const list = (values: readonly (string | number)[]): string =>
  `[${values.map((v) => (typeof v === "number" ? String(v) : `'${v.replaceAll(/[^0-9a-f-]/g, "")}'`)).join(",")}]`;

function inSpans(spans: readonly Span[]): string {
  const epochs = list(spans.map((s) => s.epoch));
  const bound = (of: (s: Span) => number): string => `transform(toString(epoch), ${epochs}, ${list(spans.map(of))}, 0)`;
  return `epoch IN ${epochs} AND seq > ${bound((s) => s.from)} AND seq <= ${bound((s) => s.to)}`;
}

/** What the Console has stored, read past the Console: the judge must not be the judged. */
export class Books {
  readonly #socket: string;

  constructor(dataDir: string) {
    this.#socket = join(dataDir, "clickhouse", "run", "http");
  }

  async #rows<T>(sql: string): Promise<T[]> {
    const settings = "SETTINGS output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow";
    const response = await fetch("http://clickhouse/?database=telovix", {
      method: "POST",
      body: `${sql} ${settings}`,
      unix: this.#socket,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(0, 500));
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as T);
  }

  stored(spans: readonly Span[]): Promise<StoredSpan[]> {
    return this.#rows(`SELECT toString(epoch) AS epoch, count() AS rows, uniqExact(seq) AS numbers
      FROM runtime_events FINAL WHERE ${inSpans(spans)} GROUP BY epoch`);
  }

  /** Which numbers of the spans are stored, in order. */
  islands(spans: readonly Span[]): Promise<StoredIsland[]> {
    return this.#rows(`SELECT epoch, min(seq) AS first, max(seq) AS last FROM (
      SELECT epoch, seq, seq - row_number() OVER (PARTITION BY epoch ORDER BY seq) AS island FROM (
        SELECT DISTINCT toString(epoch) AS epoch, seq FROM runtime_events WHERE ${inSpans(spans)}))
      GROUP BY epoch, island ORDER BY epoch, first`);
  }

  /** Ranges of numbers in the ledger: each is lost once. */
  lost(epochs: readonly string[]): Promise<LostRange[]> {
    return this.#rows(`SELECT epoch, toString(stage) AS stage, toString(cause) AS cause, from_seq, to_seq, unknown
      FROM event_losses FINAL WHERE epoch IN ${list(epochs)} AND source != 'event' AND (count > 0 OR unknown > 0)`);
  }

  /** The sequences of a sensor, stored or lost, and how far they go. */
  reaches(sensorId: string): Promise<Reach[]> {
    const mine = `sensor_id = '${sensorId}'`;
    return this.#rows(`SELECT epoch, min(f) AS first, max(t) AS last FROM (
      SELECT toString(epoch) AS epoch, min(seq) AS f, max(seq) AS t FROM runtime_events WHERE ${mine} GROUP BY epoch
      UNION ALL
      SELECT epoch, min(from_seq) AS f, max(to_seq) AS t FROM event_losses FINAL
        WHERE ${mine} AND source != 'event' AND count > 0 GROUP BY epoch) GROUP BY epoch`);
  }

  /** How often the end of each numbered execution is stored. The end, since beginnings that are many at once are folded into one event. */
  async execs(mark: string, above: number): Promise<Map<number, number>> {
    const rows = await this.#rows<{ n: number; times: number }>(`SELECT
        toUInt32OrZero(extract(process_arguments, '${mark}-([0-9]+)')) AS n, count() AS times
      FROM runtime_events FINAL WHERE event_kind = 'process_exit' AND position(process_arguments, '${mark}-') > 0 AND n > ${above}
      GROUP BY n`);
    return new Map(rows.map(({ n, times }) => [n, times]));
  }

  /** When the sensor or its engine lost what had no number yet or had one. */
  blind(sensorId: string): Promise<BlindTime[]> {
    return this.#rows(`SELECT toString(stage) AS stage, toString(cause) AS cause, count, unknown,
        toUnixTimestamp64Micro(from_at) AS from_us, toUnixTimestamp64Micro(to_at) AS to_us
      FROM event_losses FINAL WHERE sensor_id = '${sensorId}' AND (count > 0 OR unknown > 0)`);
  }
}
