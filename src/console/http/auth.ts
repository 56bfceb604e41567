import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { ROLES, type Role } from "../../core/api/auth.ts";
import { AppError } from "../../core/error.ts";
import type { ConnectionPeer, HttpEnv, Principal, SensorPeer } from "./env.ts";

/** True when `role` is `least` or higher. */
export function hasRole(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** Lets a signed-in person of at least this role pass; everybody else gets 401 or 403. */
export function requireRole(least: Role): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const principal = c.get("principal") as Principal | undefined;
    if (!principal) throw new AppError("not_signed_in", "Sign in first.");
    if (!hasRole(principal.role, least))
      throw new AppError("forbidden", `This needs the role ${least} or higher; yours is ${principal.role}.`, {
        hint: "An administrator can change roles under Settings > Users.",
      });
    await next();
  });
}

/** Says which sensor a certificate belongs to; throws AppError `invalid_sensor_trust`, `sensor_revoked` or `forbidden` (disabled). */
export interface PeerAuthenticator {
  authenticate(peer: ConnectionPeer): Promise<SensorPeer>;
}

/** Lets a sensor with a certificate the Console stands by pass, and sets `sensor`. Asked anew at every request. */
export function requireSensor(authenticator: PeerAuthenticator): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    c.set("sensor", await authenticator.authenticate(c.get("peer")));
    await next();
  });
}
