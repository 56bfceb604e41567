import { Hono } from "hono";
import { LossQuery } from "../../core/api/losses.ts";
import { compile } from "../../core/check.ts";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import { fieldsOf } from "./query.ts";
import type { LossService } from "./service.ts";

const checker = compile(LossQuery);

/** GET /api/v1/loss (viewer). */
export function createLossRoutes({ service }: { service: LossService }): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get("/api/v1/loss", requireRole("viewer"), async (c) => {
    const query = checker.parse(fieldsOf(c.req.url, ["bucket", "limit"], ["sensor", "stage", "cause"]));
    return c.json(await service.report(c.get("principal").tenantId, query, c.req.raw.signal));
  });
}
