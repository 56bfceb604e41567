import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { AppError } from "../../core/error.ts";
import type { HttpEnv } from "../http/env.ts";
import type { Sessions } from "./sessions.ts";

/** Only over TLS, for this host alone and for every path: the prefix makes browsers insist on it. */
export const SESSION_COOKIE = "__Host-telovix";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** True when the browser says that a page of this very origin made the request. */
export function isSameOrigin(c: Context<HttpEnv>): boolean {
  const origin = c.req.header("origin");
  if (origin === undefined) return false;
  const host = c.req.header("host");
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

function refuseForeign(c: Context<HttpEnv>): void {
  const site = c.req.header("sec-fetch-site");
  // Programs send neither header; browsers at least one of them with every such request.
  if (site !== undefined && site !== "same-origin")
    throw new AppError("forbidden", "The request was made by a page of another site.");
  if (c.req.header("origin") !== undefined && !isSameOrigin(c))
    throw new AppError("forbidden", "The request was made by a page of another origin.");
}

/**
 * Finds the person behind the session cookie and sets `principal`; leaves it unset when there is none (requireRole then refuses).
 * Whatever may change something must come from our own pages and, with a session, carry its token in `x-csrf-token`.
 */
export function createSessionMiddleware(deps: { sessions: Sessions }): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const safe = SAFE_METHODS.has(c.req.method);
    const cookie = getCookie(c, SESSION_COOKIE);
    if (!safe) refuseForeign(c);
    const session = cookie === undefined ? undefined : await deps.sessions.find(cookie);
    if (session) {
      const signingIn = c.req.path === "/api/v1/auth/login" || c.req.path === "/api/v1/setup";
      if (!safe && !signingIn && !sameText(c.req.header("x-csrf-token") ?? "", session.csrfToken))
        throw new AppError("forbidden", "The request lacks the session's token.", {
          hint: "Reload the page and try again.",
        });
      c.set("principal", {
        userId: session.userId,
        tenantId: session.tenantId,
        email: session.email,
        role: session.role,
        sessionHash: session.sessionHash,
      });
    }
    await next();
  };
}
