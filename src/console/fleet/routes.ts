import { Hono, type Context } from "hono";
import { SensorListQuery } from "../../core/api/sensors.ts";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import type { InventoryService } from "../inventory/service.ts";
import type { Actor, FleetService } from "./service.ts";

const checker = compile(SensorListQuery);
const NUMBERS = new Set(["page", "page_size"]);
const BOOLEANS = new Set(["has_active_trust_alert", "needs_attention"]);

/** Query of a URL as SensorListQuery has it; throws AppError `invalid_request` for a parameter that is unknown or given twice. */
export function listQueryOf(url: string): SensorListQuery {
  const query = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of new URL(url).searchParams) {
    if (Object.hasOwn(query, name))
      throw new AppError("invalid_request", `/${name}: is given twice`, { pointer: `/${name}` });
    if (text === "") continue;
    if (NUMBERS.has(name)) query[name] = /^\d{1,9}$/.test(text) ? Number(text) : text;
    else if (BOOLEANS.has(name)) query[name] = text === "true" ? true : text === "false" ? false : text;
    else query[name] = text;
  }
  return checker.parse(query);
}

function actorOf(c: Context<HttpEnv>): Actor {
  const { tenantId, email } = c.get("principal");
  return { tenantId, email, clientIp: c.get("peer").remoteAddr, userAgent: c.req.header("user-agent") };
}

/** GET /api/v1/sensors and what belongs to one (viewer); what changes one (admin). */
export function createFleetRoutes(deps: { fleet: FleetService; inventory: InventoryService }): Hono<HttpEnv> {
  const { fleet, inventory } = deps;
  const act =
    (run: (actor: Actor, sensorId: string) => Promise<void>) =>
    async (c: Context<HttpEnv, "/api/v1/sensors/:id">): Promise<Response> => {
      await run(actorOf(c), c.req.param("id"));
      return c.body(null, 204);
    };
  return new Hono<HttpEnv>()
    .get("/api/v1/sensors", requireRole("viewer"), async (c) =>
      c.json(await fleet.list(c.get("principal").tenantId, listQueryOf(c.req.url))),
    )
    .get("/api/v1/sensors/:id", requireRole("viewer"), async (c) =>
      c.json(await fleet.find(c.get("principal").tenantId, c.req.param("id"))),
    )
    .get("/api/v1/sensors/:id/inventory", requireRole("viewer"), async (c) => {
      const { tenantId } = c.get("principal");
      await fleet.check(tenantId, c.req.param("id"));
      return c.json(await inventory.find(tenantId, c.req.param("id")));
    })
    .get("/api/v1/sensors/:id/resources", requireRole("viewer"), async (c) =>
      c.json(await fleet.resources(c.get("principal").tenantId, c.req.param("id"), c.req.query("since"))),
    )
    .post(
      "/api/v1/sensors/:id/disable",
      requireRole("admin"),
      act((actor, id) => fleet.disable(actor, id)),
    )
    .post(
      "/api/v1/sensors/:id/enable",
      requireRole("admin"),
      act((actor, id) => fleet.enable(actor, id)),
    )
    .post(
      "/api/v1/sensors/:id/revoke",
      requireRole("admin"),
      act((actor, id) => fleet.revoke(actor, id)),
    )
    .delete(
      "/api/v1/sensors/:id",
      requireRole("admin"),
      act((actor, id) => fleet.remove(actor, id)),
    );
}
