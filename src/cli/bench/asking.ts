import { Hono } from "hono";
import { createEventCounts } from "../../console/events/counts.ts";
import type { ClockChanges } from "../../console/events/late-sql.ts";
import { createEventRoutes } from "../../console/events/routes.ts";
import { createEventService } from "../../console/events/service.ts";
import { createCountStore } from "../../console/events/store-counts.ts";
import { createEventStore } from "../../console/events/store.ts";
import type { HttpEnv } from "../../console/http/env.ts";
import { createOnError } from "../../console/http/errors.ts";
import { createLineageRoutes } from "../../console/lineage/routes.ts";
import { createLineageService } from "../../console/lineage/service.ts";
import { createLineageStore } from "../../console/lineage/store.ts";
import type { EventDb } from "../../console/stores/contract.ts";
import { systemClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { clockChangesOf, type DatasetShape } from "./shape.ts";

/** Asks the Console's own routes over HTTP, as its UI does. */
export interface Asking extends AsyncDisposable {
  /** The work a Console does every five minutes. */
  settle(): Promise<void>;
  /** The whole answer; rejects when it is not a good one. */
  get<T>(path: string): Promise<T>;
}

/** Serves the routes of events and process trees on loopback, to an analyst of the tenant; now is when the last event happens. */
export function startAsking(events: EventDb, shape: DatasetShape): Asking {
  const { tenantId, endMs } = shape;
  const clock = { ...systemClock, nowMs: () => endMs };
  const changes = clockChangesOf(shape);
  const clocks: ClockChanges = () => Promise.resolve(changes);
  const counts = createEventCounts({ store: createCountStore({ events, clocks }), clock, log: silentLog });
  const eventService = createEventService({ store: createEventStore({ events, clocks }), counts, clock });
  const lineage = createLineageService({ store: createLineageStore({ events }), clock });
  const app = new Hono<HttpEnv>();
  app.onError(createOnError(silentLog, new Metrics()));
  app.use(async (c, next) => {
    c.set("principal", { userId: "", tenantId, email: "", role: "analyst", sessionHash: "" });
    await next();
  });
  app.route("/", createEventRoutes({ service: eventService }));
  app.route("/", createLineageRoutes({ service: lineage }));
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => app.fetch(request) });
  return {
    settle: () => counts.settle(),
    async get<T>(path: string) {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
      const text = await response.text();
      if (!response.ok) throw new AppError("unavailable", `${path}: ${text.slice(0, 300)}`);
      return JSON.parse(text) as T;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
