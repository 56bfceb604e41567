import { Hono } from "hono";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import type { LineageService } from "./service.ts";

/** Process trees and what one process did (analyst). An exec_id stands URL-encoded in the path. */
export function createLineageRoutes(deps: { service: LineageService }): Hono<HttpEnv> {
  const { service } = deps;
  return new Hono<HttpEnv>()
    .get("/api/v1/events/:event_id/lineage", requireRole("analyst"), async (c) =>
      c.json(await service.ofEvent(c.get("principal").tenantId, c.req.param("event_id"), c.req.raw.signal)),
    )
    .get("/api/v1/processes/:exec_id/lineage", requireRole("analyst"), async (c) =>
      c.json(
        await service.ofProcess(
          c.get("principal").tenantId,
          c.req.query("sensor_id") ?? "",
          c.req.param("exec_id"),
          c.req.raw.signal,
        ),
      ),
    )
    .get("/api/v1/processes/:exec_id/activity", requireRole("analyst"), async (c) =>
      c.json(
        await service.activity(
          c.get("principal").tenantId,
          c.req.query("sensor_id") ?? "",
          c.req.param("exec_id"),
          c.req.raw.signal,
        ),
      ),
    );
}
