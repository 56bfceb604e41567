import { AppError } from "../../core/error.ts";

/** Bounds of one query on events, as ClickHouse settings. Duplicates are equal, so skip indexes are safe under FINAL. */
export const QUERY_SETTINGS =
  "max_rows_to_read = 2000000000, max_memory_usage = 2000000000, max_bytes_before_external_group_by = 500000000, use_skip_indexes_if_final = 1";

/** Longest a search may take over all its queries; what was found until then is given, with a cursor. */
export const SEARCH_BUDGET_MS = 8_000;
export const QUERY_TIMEOUT_MS = 15_000;

const TOO_MUCH: Readonly<Record<string, string>> = {
  TIMEOUT_EXCEEDED: "took longer than it may",
  TOO_SLOW: "would take longer than it may",
  TOO_MANY_ROWS: "would read more events than it may",
  TOO_MANY_BYTES: "would read more data than it may",
  MEMORY_LIMIT_EXCEEDED: "needed more memory than it may",
};

/** Type ClickHouse gave the error, wherever in the chain of causes it stands. */
function clickhouseType(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const type = (at as { type?: unknown }).type;
    if (typeof type === "string" && Object.hasOwn(TOO_MUCH, type)) return type;
  }
  return undefined;
}

/** True when a query was ended by one of its own bounds. */
export function isOverLimit(error: unknown): boolean {
  return clickhouseType(error) !== undefined;
}

/** Says in words that a query met a bound, and what to do, or that nobody waits for it any more; other errors pass unchanged. */
export function explainQueryError(error: unknown, signal: AbortSignal | undefined): unknown {
  // Nobody reads this answer; it only keeps a page that was left from looking like a fault of the Console.
  if (signal?.aborted) return new AppError("invalid_request", "The client went away before the answer was ready.");
  const type = clickhouseType(error);
  if (!type) return error;
  return new AppError("unavailable", `The query ${TOO_MUCH[type]!} and was ended.`, {
    cause: error,
    hint: "Choose a shorter time range, or name a sensor or an event kind.",
  });
}
