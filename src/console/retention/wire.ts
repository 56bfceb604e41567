import type { Hono } from "hono";
import type { Clock } from "../../core/clock.ts";
import type { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { ConsoleConfig } from "../config.ts";
import { createDisk } from "../disk/wire.ts";
import type { HttpEnv } from "../http/env.ts";
import type { Dependency } from "../http/readiness.ts";
import type { Scheduler } from "../jobs/service.ts";
import type { Db, EventAdmin, EventDb } from "../stores/contract.ts";
import { createRetentionRoutes } from "./routes.ts";
import { createRetentionService } from "./service.ts";
import { createRetentionStore } from "./store.ts";

const HOUR_MS = 3_600_000;

export interface StorageDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly events: EventDb;
  /** Where ingest puts its rows. */
  readonly sink: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** True in the one process of this host that keeps the disk's reserve and lets old events go. */
  readonly runsJobs: boolean;
}

/** How long things are kept, and the disk they are on. */
export interface Storage {
  /** The event store and the sink, closed for inserts while the disk is full. */
  readonly events: EventDb;
  readonly sink: EventDb;
  readonly services: readonly Service[];
  readonly dependencies: readonly Dependency[];
  readonly operators: readonly Hono<HttpEnv>[];
  schedule(jobs: Scheduler): void;
}

function adminOf(events: EventDb): EventAdmin | undefined {
  const { command } = events as Partial<EventAdmin>;
  return typeof command === "function" ? (events as EventDb & EventAdmin) : undefined;
}

/** Wires retention and the watch over the disk. `intake` says why the event store took nothing the last time. */
export function createStorage(deps: StorageDeps, intake: () => AppError | undefined): Storage {
  const { db, events, clock, log } = deps;
  const admin = adminOf(events);
  const disk = createDisk({ ...deps, admin, owner: deps.runsJobs });
  const store = createRetentionStore({ db, events, admin });
  const service = createRetentionService({ store, disk: disk.state, clock, log });
  return {
    events: disk.guard.wrap(events),
    sink: disk.guard.wrap(deps.sink),
    services: disk.services,
    dependencies: [
      disk.dependency,
      {
        name: "event intake",
        ping: () => {
          const fault = intake();
          return fault ? Promise.reject(fault) : Promise.resolve();
        },
        action: "Look at the event store above. Sensors keep their events and send them again by themselves.",
        optional: true,
      },
    ],
    operators: [createRetentionRoutes({ service })],
    schedule: (jobs) => jobs.every("retention", HOUR_MS, () => service.apply()),
  };
}
