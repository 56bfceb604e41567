import { literal } from "../stores/ddl.ts";

/** A request of ClickHouse's HTTP interface, taken apart. */
export interface ChdbRequest {
  readonly sql: string;
  /** Rows of an INSERT … FORMAT; undefined when the statement came alone. */
  readonly data: Uint8Array | undefined;
  readonly format: string;
  readonly database: string | undefined;
  readonly queryId: string;
  readonly params: Readonly<Record<string, string>>;
  /** Settings of the request, each `name = 'value'`. */
  readonly settings: readonly string[];
}

/** An error as ClickHouse words it. */
export class ClickHouseException extends Error {
  override readonly name = "ClickHouseException";
  readonly code: number;

  constructor(code: number, type: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${type})`);
    this.code = code;
  }
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NOT_SETTINGS = new Set([
  "query",
  "database",
  "query_id",
  "default_format",
  "session_id",
  "session_timeout",
  "role",
]);
// Settings of ClickHouse's HTTP handler, which the engine alone does not have.
const HTTP_SETTINGS =
  /^(wait_end_of_query|enable_http_compression|http_.*|send_progress_in_http_headers|compress|decompress)$/;

/** Reads a URL's parameters and the body into one request. Throws ClickHouseException on what is not understood. */
export function parseChdbRequest(url: URL, body: Uint8Array): ChdbRequest {
  const params: Record<string, string> = Object.create(null);
  const settings: string[] = [];
  for (const [name, value] of url.searchParams) {
    const bound = name.startsWith("param_") ? name.slice(6) : undefined;
    if (!IDENTIFIER.test(bound ?? name)) throw new ClickHouseException(115, "UNKNOWN_SETTING", "bad parameter name");
    if (bound !== undefined) params[bound] = value;
    else if (!NOT_SETTINGS.has(name) && !HTTP_SETTINGS.test(name)) settings.push(`${name} = ${literal(value)}`);
  }
  const query = url.searchParams.get("query");
  const text = query ?? new TextDecoder().decode(body);
  if (text.trim() === "") throw new ClickHouseException(62, "SYNTAX_ERROR", "Empty query");
  const data = query === null || (body.length === 0 && !isInsertFormat(query)) ? undefined : body;
  return {
    sql: text,
    data,
    format: url.searchParams.get("default_format") ?? "TabSeparated",
    database: url.searchParams.get("database") ?? undefined,
    queryId: url.searchParams.get("query_id") ?? crypto.randomUUID(),
    params,
    settings,
  };
}

function isInsertFormat(sql: string): boolean {
  return /^\s*INSERT\s+INTO\s[\s\S]*\bFORMAT\s+\w+\s*$/i.test(sql);
}

// Their rows stand for themselves: the engine formats a stream chunk by chunk, and others would get a header each time.
const STREAMABLE = new Set([
  "JSONEachRow",
  "JSONStringsEachRow",
  "JSONCompactEachRow",
  "TSV",
  "TabSeparated",
  "TSVRaw",
  "TabSeparatedRaw",
  "CSV",
  "RowBinary",
]);

/** True when the answer can be sent while it is being computed. */
export function isStreamable(sql: string, defaultFormat: string): boolean {
  if (!/^\s*(SELECT|WITH)\b/i.test(sql)) return false;
  const named = /\bFORMAT\s+(\w+)\s*;?\s*$/i.exec(sql)?.[1];
  return STREAMABLE.has(named ?? defaultFormat);
}

const STATUS: Readonly<Record<number, number>> = {
  60: 404,
  27: 400,
  81: 404,
  62: 400,
  47: 400,
  456: 400,
  159: 408,
  202: 503,
  210: 503,
};

/** Code and HTTP status of an engine's error text. */
export function describeException(error: unknown): { code: number; status: number; text: string } {
  const raw = (error instanceof Error ? error.message : String(error)).trim();
  const found = /Code: (\d+)\. DB::/.exec(raw);
  const code = found ? Number(found[1]) : 1001;
  const text = found ? raw.slice(found.index) : `Code: 1001. DB::Exception: ${raw}. (STD_EXCEPTION)`;
  return { code, status: STATUS[code] ?? 500, text };
}
