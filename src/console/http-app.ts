import { Hono } from "hono";
import { newUuid } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { UiAsset } from "../core/payload/embedded-files.ts";
import type { RequestContext, RequestHandler } from "./http/context.ts";
import type { HttpEnv } from "./http/env.ts";
import { createNotFound, createOnError } from "./http/errors.ts";
import { limitRequests, type RateLimiter } from "./http/limits.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { serveUi } from "./http/static.ts";
import { createSessionMiddleware } from "./users/middleware.ts";
import type { Sessions } from "./users/sessions.ts";

export interface HttpAppDeps {
  readonly sessions: Sessions;
  readonly limiter: RateLimiter;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly assets: readonly UiAsset[];
  /** Reached without a session and without the limits of the operators' API: probes, sensors, enrolling nodes. */
  readonly open: readonly Hono<HttpEnv>[];
  /** The operators' API. */
  readonly operators: readonly Hono<HttpEnv>[];
}

/** Every router behind one front: what is common to all requests is done here, once. */
export function createHttpApp(deps: HttpAppDeps): RequestHandler {
  const log = deps.log.child("http");
  const seen = deps.metrics.counter("telovix_console_http_requests_total", "Requests by status class.");
  const app = new Hono<HttpEnv>();
  app.onError(createOnError(log, deps.metrics));
  app.notFound(createNotFound());
  app.use(securityHeaders());
  app.use(async (c, next) => {
    const { peer, upgrade } = c.env as unknown as RequestContext;
    c.set("requestId", newUuid());
    c.set("peer", peer);
    c.set("upgrade", upgrade);
    await next();
    seen(1, { status: `${Math.floor(c.res.status / 100)}xx` });
  });
  for (const router of deps.open) app.route("/", router);
  app.use(serveUi(deps.assets));
  app.use(createSessionMiddleware({ sessions: deps.sessions }));
  app.use(limitRequests(deps.limiter));
  for (const router of deps.operators) app.route("/", router);
  return (request, context) => app.fetch(request, context);
}
