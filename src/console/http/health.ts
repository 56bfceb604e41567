import { timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { HttpEnv } from "./env.ts";

/** Something the Console cannot work without. */
export interface Dependency {
  readonly name: string;
  /** Rejects when it does not answer. */
  readonly ping: () => Promise<void>;
  /** What an operator does when it does not. */
  readonly action: string;
}

export interface HealthOptions {
  readonly version: string;
  readonly vertical: string;
  readonly dependencies: readonly Dependency[];
  readonly metrics: Metrics;
  /** Lets others than the host itself read /metrics. */
  readonly metricsToken: Secret | undefined;
}

const PING_TIMEOUT_MS = 3_000;

async function state(
  dependency: Dependency,
): Promise<{ name: string; ok: boolean; problem?: string; action?: string }> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${PING_TIMEOUT_MS / 1000} s`)),
    PING_TIMEOUT_MS,
  );
  try {
    await Promise.race([dependency.ping(), late.promise]);
    return { name: dependency.name, ok: true };
  } catch (error) {
    return { name: dependency.name, ok: false, problem: errorMessage(error), action: dependency.action };
  } finally {
    clearTimeout(timer);
  }
}

function mayReadMetrics(remoteAddr: string, header: string | undefined, token: Secret | undefined): boolean {
  if (token && header?.startsWith("Bearer "))
    return timingSafeEqual(Buffer.from(sha256Hex(header.slice(7))), Buffer.from(sha256Hex(token.reveal())));
  return remoteAddr === "127.0.0.1" || remoteAddr === "::1";
}

/**
 * /healthz: the process answers. /readyz: its stores do, each by name. /info: what this is. /metrics: Prometheus text, for the
 * host itself and for bearers of the token in `--metrics-token`; it names no user or host of the fleet, but is nobody else's business.
 */
export function createHealthRoutes(options: HealthOptions): Hono<HttpEnv> {
  let cached: { untilMs: number; answer: Promise<Awaited<ReturnType<typeof state>>[]> } | undefined;
  // Anybody may ask, so the stores are asked once a second at most.
  const ready = (): Promise<Awaited<ReturnType<typeof state>>[]> => {
    const nowMs = performance.now();
    if (!cached || nowMs > cached.untilMs)
      cached = { untilMs: nowMs + 1_000, answer: Promise.all(options.dependencies.map(state)) };
    return cached.answer;
  };
  return new Hono<HttpEnv>()
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      const stores = await ready();
      const ok = stores.every((s) => s.ok);
      return c.json({ status: ok ? "ready" : "not_ready", stores }, ok ? 200 : 503);
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
