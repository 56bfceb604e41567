import { Hono, type Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { LoginRequest } from "../../core/api/auth.ts";
import { compile } from "../../core/check.ts";
import { requireRole } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import { SESSION_COOKIE } from "./middleware.ts";
import type { UserService } from "./service.ts";
import { SESSION_MAX_MS, type Client } from "./sessions.ts";

const loginChecker = compile(LoginRequest);
const MAX_LOGIN_BYTES = 4096;
const COOKIE = { path: "/", httpOnly: true, secure: true, sameSite: "Strict" } as const;

/** Who made a request, for sessions and the audit log. */
export function clientOf(c: Context<HttpEnv>): Client {
  return { ip: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent") };
}

/** Gives the browser its session. */
export function setSessionCookie(c: Context<HttpEnv>, token: string): void {
  setCookie(c, SESSION_COOKIE, token, { ...COOKIE, maxAge: SESSION_MAX_MS / 1000 });
}

/** POST /api/v1/auth/login, POST /api/v1/auth/logout, GET /api/v1/auth/me. */
export function createUserRoutes(deps: { service: UserService }): Hono<HttpEnv> {
  const { service } = deps;
  return new Hono<HttpEnv>()
    .post("/api/v1/auth/login", async (c) => {
      const request = loginChecker.parse(await readJson(c.req.raw, MAX_LOGIN_BYTES));
      const { token, me } = await service.signIn(request, clientOf(c));
      setSessionCookie(c, token);
      return c.json(me);
    })
    .post("/api/v1/auth/logout", requireRole("viewer"), async (c) => {
      await service.signOut(c.get("principal"), clientOf(c));
      deleteCookie(c, SESSION_COOKIE, { path: "/", secure: true });
      return c.body(null, 204);
    })
    .get("/api/v1/auth/me", requireRole("viewer"), async (c) => c.json(await service.me(c.get("principal"))));
}
