import { Hono } from "hono";
import type { HttpEnv } from "../http/env.ts";
import { requireRole } from "../http/auth.ts";
import { filterOfUrl, searchOfUrl } from "./query.ts";
import type { EventService } from "./service.ts";

/** GET /api/v1/events, /api/v1/events/histogram, /api/v1/events/:event_id (analyst). A query ends when its client goes away. */
export function createEventRoutes(deps: { service: EventService }): Hono<HttpEnv> {
  const { service } = deps;
  return new Hono<HttpEnv>()
    .get("/api/v1/events", requireRole("analyst"), async (c) =>
      c.json(await service.search(c.get("principal").tenantId, searchOfUrl(c.req.url), c.req.raw.signal)),
    )
    .get("/api/v1/events/histogram", requireRole("analyst"), async (c) =>
      c.json(await service.histogram(c.get("principal").tenantId, filterOfUrl(c.req.url), c.req.raw.signal)),
    )
    .get("/api/v1/events/:event_id", requireRole("analyst"), async (c) =>
      c.json(await service.detail(c.get("principal").tenantId, c.req.param("event_id"), c.req.raw.signal)),
    );
}
