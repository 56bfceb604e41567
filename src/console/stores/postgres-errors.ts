import { AppError } from "../../core/error.ts";

// SQLSTATE classes: 08 connection, 53 resources, 57P0x shutdown or start, 57014 statement timeout, 55P03 lock timeout, 25006 read-only.
const UNAVAILABLE_STATE = /^(08...|53...|57P0[0-5]|57014|55P03|25P0[34]|25006)$/;
const READ_ONLY = "25006";
/**
 * A write that the disk refused: only a full one has a state of its own (53100). A quota, a limit of file sizes (XX000), a file system
 * that went read-only (42501, like any missing right) and a failing disk (58030) are told by the system's words, which end the message.
 */
const DISK_STATE = /^(XX000|42501|58030)$/;
const DISK_WORDS =
  /: (No space left on device|Disk quota exceeded|File too large|Read-only file system|Input\/output error)$/;
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

/** True when PostgreSQL could not write because its disk refused. */
function isDiskRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code === "53100" || (DISK_STATE.test(code) && error instanceof Error && DISK_WORDS.test(error.message));
}

/** True when PostgreSQL could not be asked, did not answer in time, or its disk refused; the same call may work later. */
export function isPostgresUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return UNAVAILABLE_CODES.has(code) || UNAVAILABLE_STATE.test(code) || isDiskRefusal(error);
}

/** SQLSTATE of a server error ("23505" is a unique violation), or undefined. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Turns failures of the connection into AppError `unavailable`; anything else (constraints, AppErrors) stays as it is. */
export function toStoreError(error: unknown): unknown {
  if (!isPostgresUnavailable(error)) return error;
  return new AppError("unavailable", problemOf(error), { cause: error, retryAfterSecs: 2 });
}

function problemOf(error: unknown): string {
  if (codeOf(error) === READ_ONLY) return "the state database is read-only";
  return isDiskRefusal(error) ? "the disk of the state database refuses writes" : "the state database does not answer";
}
