import { Hono } from "hono";
import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import type { AuditService } from "./service.ts";

const AuditListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
    cursor: Type.Optional(Type.String({ maxLength: 19 })),
  },
  { additionalProperties: false },
);
const queryChecker = compile(AuditListQuery);

/** GET /api/v1/audit?limit=&cursor= (operator): newest first. */
export function createAuditRoutes(deps: { service: AuditService }): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get("/api/v1/audit", requireRole("operator"), async (c) => {
    const { limit, ...rest } = c.req.query();
    const given = limit === undefined ? rest : { ...rest, limit: /^\d{1,5}$/.test(limit) ? Number(limit) : limit };
    return c.json(await deps.service.list(c.get("principal").tenantId, queryChecker.parse(given)));
  });
}
