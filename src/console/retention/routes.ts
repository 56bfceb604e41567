import { Hono } from "hono";
import { requireRole } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import type { HttpEnv } from "../http/env.ts";
import type { RetentionService } from "./service.ts";

/** GET and PUT /api/v1/settings/retention (admin). */
export function createRetentionRoutes(deps: { service: RetentionService }): Hono<HttpEnv> {
  const { service } = deps;
  return new Hono<HttpEnv>()
    .get("/api/v1/settings/retention", requireRole("admin"), async (c) =>
      c.json(await service.get(c.get("principal").tenantId)),
    )
    .put("/api/v1/settings/retention", requireRole("admin"), async (c) => {
      const { tenantId, email } = c.get("principal");
      const actor = { tenantId, email, clientIp: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent") };
      return c.json(await service.set(actor, await readJson(c.req.raw)));
    });
}
