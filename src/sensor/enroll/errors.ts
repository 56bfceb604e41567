import { AppError, errorMessage, ERROR_CODES, type ErrorCode } from "../../core/error.ts";

/** Statuses of a Console, or of what stands before it, that is busy or away for a moment. */
const PASSING_STATUSES = new Set([429, 502, 503, 504]);
/** Codes of connections that failed at a Console that starts or has too many at once, by Bun's names and by the system's. */
const PASSING_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ConnectionRefused",
  "ConnectionClosed",
  "FailedToOpenSocket",
]);
const passing = new WeakSet<AppError>();

/** True when the same may work a little later. */
export function isPassing(error: AppError): boolean {
  return passing.has(error);
}

/** A failed connection, as a sentence that says what to look at. */
export function unreachable(url: URL, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const text = `${code} ${errorMessage(error)}`;
  if (/not yet valid|NOT_YET_VALID|has expired|CERT_HAS_EXPIRED/i.test(text))
    return new AppError(
      "invalid_sensor_trust",
      `the certificate of ${url.origin} is outside its dates by this node's clock (${new Date().toISOString()})`,
      {
        cause: error,
        hint: "Set this node's clock (timedatectl, chronyc makestep) and try again.",
      },
    );
  if (/CERT|certificate|pinned/i.test(text))
    return new AppError(
      "invalid_sensor_trust",
      `${url.origin} could not prove that it is the Console: ${errorMessage(error)}`,
      {
        cause: error,
        hint: "Copy the line or the pin from the Console again; a Console that was set up anew has a new key.",
      },
    );
  const away = new AppError("unavailable", `${url.origin} can't be reached: ${errorMessage(error)}`, {
    cause: error,
    hint: "Check the address, the port (15483 by default) and what stands between: nodes open the connection, the Console never does.",
  });
  if (PASSING_CODES.has(code) || (error as Error).name === "TimeoutError") passing.add(away);
  return away;
}

interface ErrorBody {
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly hint?: unknown };
}

/** A refusal by its code; texts are bounded, they come from the network. */
export function refusalOf(
  { code, message }: { readonly code: string; readonly message: string },
  retryAfterSecs?: number,
): AppError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "unavailable";
  return new AppError(known, message.slice(0, 512), retryAfterSecs === undefined ? {} : { retryAfterSecs });
}

/** The Console's refusal as an AppError; texts are bounded, they come from the network. */
export async function refusal(response: Response): Promise<AppError> {
  const text = (await response.text()).slice(0, 4096);
  let body: ErrorBody = {};
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    // A proxy's page, not ours: the status has to do.
  }
  const said = typeof body.error?.code === "string" ? body.error.code : "";
  const code: ErrorCode = Object.hasOwn(ERROR_CODES, said)
    ? (said as ErrorCode)
    : response.status >= 500
      ? "unavailable"
      : "invalid_request";
  const message =
    typeof body.error?.message === "string"
      ? body.error.message.slice(0, 512)
      : `the Console answered ${response.status}`;
  const retryAfterSecs = Number(response.headers.get("retry-after") ?? "") || undefined;
  const hint = typeof body.error?.hint === "string" ? body.error.hint.slice(0, 512) : undefined;
  const refused = new AppError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterSecs === undefined ? {} : { retryAfterSecs }),
  });
  if (PASSING_STATUSES.has(response.status)) passing.add(refused);
  return refused;
}
