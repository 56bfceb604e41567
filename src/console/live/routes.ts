import { Hono } from "hono";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { requireRole } from "../http/auth.ts";
import type { HttpEnv } from "../http/env.ts";
import { isSameOrigin } from "../users/middleware.ts";
import type { RunningHub } from "./hub.ts";
import { createLiveSocket } from "./socket.ts";

/** GET /api/v1/live (viewer; events for analysts): WebSocket. Browsers send cookies with sockets of any page, so the page's origin must be ours. */
export function createLiveRoutes(deps: { hub: RunningHub; clock: Clock }): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get("/api/v1/live", requireRole("viewer"), (c) => {
    if (!isSameOrigin(c)) throw new AppError("forbidden", "Live views open from the Console's own pages only.");
    return c.get("upgrade")(createLiveSocket(deps, c.get("principal")));
  });
}
