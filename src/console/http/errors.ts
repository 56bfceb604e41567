import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ApiError } from "../../core/api/auth.ts";
import { AppError, httpStatus } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { HttpEnv } from "./env.ts";

/** Body of an error answer. */
function errorBody(error: AppError, requestId: string | undefined): ApiError {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
      ...(requestId === undefined ? {} : { request_id: requestId }),
    },
  };
}

function known(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof HTTPException)) return undefined;
  if (error.status === 413) return new AppError("too_large", "The body is too large.", { cause: error });
  if (error.status < 500) return new AppError("invalid_request", error.message || "The request is not acceptable.");
  return undefined;
}

/** The one place where errors become answers. What is not an AppError is logged in full and shown as nothing. */
export function createOnError(log: Log, metrics: Metrics): (error: Error, c: Context<HttpEnv>) => Response {
  const count = metrics.counter("telovix_console_http_errors_total", "Error answers by code.");
  return (error, c) => {
    const requestId = c.get("requestId") as string | undefined;
    const app =
      known(error) ??
      new AppError("internal", "Something went wrong inside the Console.", {
        hint: `Its log has the details under request ${requestId ?? "unknown"}.`,
      });
    count(1, { code: app.code });
    if (app.code === "internal")
      log.error("request failed", { request_id: requestId, method: c.req.method, path: c.req.path, error });
    else if (app.code === "unavailable")
      log.warn("request refused: unavailable", { request_id: requestId, path: c.req.path, error: app });
    const headers: Record<string, string> =
      app.retryAfterSecs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(app.retryAfterSecs))) };
    return c.json(errorBody(app, requestId), httpStatus(app.code), headers);
  };
}

/** Answer to an address that does not exist. */
export function createNotFound(): (c: Context<HttpEnv>) => Response {
  return (c) =>
    c.json(
      errorBody(
        new AppError("not_found", `There is no ${c.req.method} ${c.req.path.slice(0, 128)}.`),
        c.get("requestId"),
      ),
      404,
    );
}
