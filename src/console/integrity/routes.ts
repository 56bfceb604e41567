import { Hono } from "hono";
import { IntegrityExportQuery, IntegrityRootsQuery } from "../../core/api/integrity.ts";
import { compile } from "../../core/check.ts";
import type { AuditLog } from "../audit/contract.ts";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import { fieldsOf } from "../losses/query.ts";
import type { IntegrityService } from "./service.ts";

const rootsQuery = compile(IntegrityRootsQuery);
const exportQuery = compile(IntegrityExportQuery);

/** A body that asks for the next piece only when the one before was taken. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

/** GET /api/v1/integrity/roots (viewer), GET /api/v1/integrity/export (analyst; written to the audit log). */
export function createIntegrityRoutes(deps: { service: IntegrityService; audit: AuditLog }): Hono<HttpEnv> {
  const { service, audit } = deps;
  return new Hono<HttpEnv>()
    .get("/api/v1/integrity/roots", requireRole("viewer"), async (c) =>
      c.json(await service.roots(c.get("principal").tenantId, rootsQuery.parse(fieldsOf(c.req.url, ["limit"])))),
    )
    .get("/api/v1/integrity/export", requireRole("analyst"), async (c) => {
      const { tenantId, email } = c.get("principal");
      const query = exportQuery.parse(fieldsOf(c.req.url));
      const { pieces, fileName, nodeName } = await service.export(tenantId, query);
      await audit.record({
        tenantId,
        actionType: "events_exported",
        outcome: "success",
        actorEmail: email,
        sensorId: query.sensor,
        detail: { node_name: nodeName, from: query.from, to: query.to },
        clientIp: c.get("peer").remoteAddr,
        userAgent: c.req.header("user-agent"),
      });
      return c.body(streamOf(pieces), 200, {
        "content-type": "application/x-ndjson",
        "content-disposition": `attachment; filename="${fileName}"`,
        "cache-control": "no-store",
      });
    });
}
