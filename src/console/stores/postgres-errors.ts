import { AppError } from "../../core/error.ts";

// SQLSTATE classes: 08 connection, 53 resources, 57P0x shutdown or start, 57014 statement timeout, 55P03 lock timeout, 25006 read-only.
const UNAVAILABLE_STATE = /^(08...|53...|57P0[0-5]|57014|55P03|25P0[34]|25006)$/;
const READ_ONLY = "25006";
const UNAVAILABLE_CODES = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECTION_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_SOCKET_CLOSED",
  "FailedToOpenSocket",
]);

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** True when PostgreSQL could not be asked, or did not answer in time; the same call may work later. */
export function isPostgresUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return UNAVAILABLE_CODES.has(code) || UNAVAILABLE_STATE.test(code);
}

/** SQLSTATE of a server error ("23505" is a unique violation), or undefined. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Turns failures of the connection into AppError `unavailable`; anything else (constraints, AppErrors) stays as it is. */
export function toStoreError(error: unknown): unknown {
  if (!isPostgresUnavailable(error)) return error;
  const what = codeOf(error) === READ_ONLY ? "the state database is read-only" : "the state database does not answer";
  return new AppError("unavailable", what, { cause: error, retryAfterSecs: 2 });
}
