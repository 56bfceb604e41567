import { timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { AppError } from "../../core/error.ts";
import type { Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { HttpEnv } from "./env.ts";
import type { StoreHealth } from "./readiness.ts";

export interface HealthOptions {
  readonly version: string;
  readonly vertical: string;
  readonly readiness: () => Promise<readonly StoreHealth[]>;
  readonly metrics: Metrics;
  /** Lets others than the host itself read /metrics. */
  readonly metricsToken: Secret | undefined;
}

function mayReadMetrics(remoteAddr: string, header: string | undefined, token: Secret | undefined): boolean {
  if (token && header?.startsWith("Bearer "))
    return timingSafeEqual(Buffer.from(sha256Hex(header.slice(7))), Buffer.from(sha256Hex(token.reveal())));
  return remoteAddr === "127.0.0.1" || remoteAddr === "::1";
}

/**
 * /healthz: the process answers. /readyz: its stores do, each by name with how it is kept running and what to do when it is down. /info: what this is. /metrics: Prometheus text, for the
 * host itself and for bearers of the token in `--metrics-token`; it names no user or host of the fleet, but is nobody else's business.
 */
export function createHealthRoutes(options: HealthOptions): Hono<HttpEnv> {
  return new Hono<HttpEnv>()
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      const stores = await options.readiness();
      const ok = stores.every((s) => s.ok || s.optional);
      const whole = stores.every((s) => s.ok);
      return c.json({ status: whole ? "ready" : ok ? "degraded" : "not_ready", stores }, ok ? 200 : 503);
    })
    .get("/info", (c) =>
      c.json({ name: "telovix-console", version: options.version, vertical: options.vertical, api: "v1" }),
    )
    .get("/metrics", (c) => {
      if (!mayReadMetrics(c.get("peer").remoteAddr, c.req.header("authorization"), options.metricsToken))
        throw new AppError("forbidden", "Metrics are for this host and for bearers of the metrics token.", {
          hint: "Ask from the Console's own host, or set metrics_token in its configuration.",
        });
      return c.text(options.metrics.render(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    });
}
