import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { ConsoleConfig } from "../config.ts";
import type { RequestHandler } from "../http/context.ts";
import type { RateLimiter } from "../http/limits.ts";
import type { Sharing } from "../shared/sharing.ts";
import type { ClickHouseTarget } from "../stores/clickhouse.ts";
import type { PostgresTarget } from "../stores/postgres.ts";
import { WorkerHub } from "./hub.ts";
import { WorkerPool } from "./pool.ts";
import type { Seat } from "./seat.ts";

/** An embedded PostgreSQL lets 64 in; some are left for tools and for what listens. */
const CONNECTIONS = 40;

/** Connections to PostgreSQL that each process may have. */
export function connectionsOf(workers: number): number {
  return Math.max(2, Math.min(16, Math.floor(CONNECTIONS / (workers === 1 ? 1 : workers + 1))));
}

export interface FrontDeps {
  readonly config: ConsoleConfig;
  readonly targets: { readonly postgres: PostgresTarget; readonly clickhouse: ClickHouseTarget };
  readonly sharing: Sharing;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly write: (line: string) => void;
}

/** Starts the workers of a Console, which hold its port; resolves once all of them serve. */
export function startWorkers(deps: FrontDeps): Promise<WorkerPool> {
  const { config, targets, sharing, limiter, clock, log, metrics, write } = deps;
  const hub = new WorkerHub({
    dataDir: config.dataDir,
    bus: sharing.bus,
    limits: {
      charge: async (key, perMinute, mode, count) =>
        (await sharing.limits?.charge(key, perMinute, mode, count)) ?? limiter.charge(key, perMinute, mode, count),
    },
    sharingProblem: () => sharing.problem(),
    metrics: () => metrics.render(),
    log: log.child("workers"),
  });
  const { self } = sharing.bus;
  const boot = {
    config,
    ...targets,
    replica: self.slice(0, self.indexOf("/")),
    maxConnections: connectionsOf(config.workers),
  };
  return WorkerPool.start({ count: config.workers, hub, boot, clock, log, write });
}

/** A worker answers /metrics for all of them: whoever asks cannot choose which one is asked. */
export function withAllMetrics(handler: RequestHandler, seat: Seat): RequestHandler {
  return async (request, context) => {
    const response = await handler(request, context);
    if (request.method !== "GET" || new URL(request.url).pathname !== "/metrics" || !response.ok) return response;
    await response.body?.cancel();
    return new Response(await seat.allMetrics(), { status: response.status, headers: response.headers });
  };
}
