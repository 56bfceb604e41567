import { Hono } from "hono";
import { SetupRequest } from "../../core/api/auth.ts";
import { compile } from "../../core/check.ts";
import { readJson } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import { clientOf, setSessionCookie } from "../users/routes.ts";
import type { SetupService } from "./service.ts";

const setupChecker = compile(SetupRequest);
const MAX_SETUP_BYTES = 4096;

/** GET /api/v1/setup/status and POST /api/v1/setup: public, since there is nobody yet who could sign in. */
export function createSetupRoutes(deps: { service: SetupService }): Hono<HttpEnv> {
  return new Hono<HttpEnv>()
    .get("/api/v1/setup/status", async (c) => c.json(await deps.service.status()))
    .post("/api/v1/setup", async (c) => {
      const request = setupChecker.parse(await readJson(c.req.raw, MAX_SETUP_BYTES));
      const { token, me } = await deps.service.complete(request, clientOf(c));
      setSessionCookie(c, token);
      return c.json(me, 201);
    });
}
