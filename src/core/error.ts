/** Closed set of codes; each has one HTTP status and one CLI exit code. */
export const ERROR_CODES = {
  invalid_request: 400,
  invalid_credentials: 401,
  invalid_enrollment_token: 401,
  invalid_sensor_trust: 401,
  not_signed_in: 401,
  forbidden: 403,
  sensor_revoked: 403,
  setup_required: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_media: 415,
  protocol_version: 426,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** JSON pointer of the field at fault. */
  readonly pointer?: string;
  readonly retryAfterSecs?: number;
}

/** An error with a code for machines and a sentence for people. Anything else that is thrown is shown as `internal`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly pointer: string | undefined;
  readonly retryAfterSecs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.pointer = options.pointer;
    this.retryAfterSecs = options.retryAfterSecs;
  }
}

/** HTTP status of a code. */
export function httpStatus(code: ErrorCode): (typeof ERROR_CODES)[ErrorCode] {
  return ERROR_CODES[code];
}

/** The message of anything thrown, for a log line. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
