import type { SensorList } from "../core/api/sensors.ts";
import type { CreatedToken } from "../core/api/tokens.ts";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { UiAsset } from "../core/payload/embedded-files.ts";
import type { Service } from "../core/service.ts";
import { createAuditRoutes } from "./audit/routes.ts";
import { createAuditLog } from "./audit/service.ts";
import { createAuditStore } from "./audit/store.ts";
import type { ConsoleConfig } from "./config.ts";
import { createEventRoutes } from "./events/routes.ts";
import { createEventService } from "./events/service.ts";
import { createEventStore } from "./events/store.ts";
import { HeartbeatService } from "./fleet/heartbeat.ts";
import { createFleetRoutes } from "./fleet/routes.ts";
import { Samples } from "./fleet/samples.ts";
import { FleetService } from "./fleet/service.ts";
import { createHttpApp } from "./http-app.ts";
import type { RequestHandler } from "./http/context.ts";
import { createHealthRoutes } from "./http/health.ts";
import type { RateLimiter } from "./http/limits.ts";
import { createReadiness, type Dependency, type StoreHealth } from "./http/readiness.ts";
import { createSensorRoutes } from "./ingest/routes.ts";
import { Ingest } from "./ingest/service.ts";
import { Streams } from "./ingest/streams.ts";
import { InventoryService } from "./inventory/service.ts";
import { createLineageRoutes } from "./lineage/routes.ts";
import { createLineageService } from "./lineage/service.ts";
import { createLineageStore } from "./lineage/store.ts";
import { createLiveHub } from "./live/hub.ts";
import { createLiveRoutes } from "./live/routes.ts";
import { createSetupRoutes } from "./setup/routes.ts";
import { createSetupService, type SetupService } from "./setup/service.ts";
import { createSetupStore } from "./setup/store.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import type { SensorDownload } from "./trust/download.ts";
import type { KeyStore } from "./trust/key-store.ts";
import { PeerTrust } from "./trust/peers.ts";
import { createEnrollmentRoutes, createTokenRoutes } from "./trust/routes.ts";
import { EnrollmentService } from "./trust/service.ts";
import { findFirstTenant } from "./trust/store.ts";
import { TokenService } from "./trust/tokens.ts";
import { createPasswords } from "./users/password.ts";
import { createUserRoutes } from "./users/routes.ts";
import { createUserService } from "./users/service.ts";
import { createSessions } from "./users/sessions.ts";
import { createUserStore } from "./users/store.ts";

export interface PlanesDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly events: EventDb;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limiter: RateLimiter;
  /** What /readyz looks at. */
  readonly dependencies: readonly Dependency[];
  /** Where the Console is reached when a request does not say; known once it listens. */
  readonly url: () => string;
  readonly version: string;
  readonly assets: readonly UiAsset[];
  readonly download: SensorDownload;
  readonly closePeer: (name: string) => number;
}

/** What `telovix console status` says. */
export interface ConsoleStatus {
  readonly version: string;
  readonly started_at: string;
  readonly uptime_secs: number;
  readonly url: string;
  readonly stores: readonly StoreHealth[];
  /** Null while PostgreSQL does not answer. */
  readonly setup_complete: boolean | null;
  readonly event_store: string;
  readonly server_certificate_ends_at: string;
  /** Of the first tenant; absent before set-up and while PostgreSQL does not answer. */
  readonly sensors_total?: number;
  readonly sensors?: SensorList["counts"];
  readonly health?: SensorList["health"];
}

export interface Planes {
  readonly handler: RequestHandler;
  /** In the order to start them. */
  readonly services: readonly Service[];
  readonly setup: SetupService;
  createLocalToken(request: object): Promise<CreatedToken>;
  status(): Promise<ConsoleStatus>;
}

/** Wires the sensors' plane and the operators' plane on open stores: the only place where their services are made. */
export function createPlanes(deps: PlanesDeps): Planes {
  const { config, db, events, keys, clock, log, metrics, limiter, url, version } = deps;
  const startedMs = clock.nowMs();
  const readiness = createReadiness(deps.dependencies);
  const audit = createAuditLog({ store: createAuditStore({ db }), clock, log, metrics });
  const passwords = createPasswords();
  const userStore = createUserStore({ db });
  const sessions = createSessions({ store: userStore, clock });
  const hub = createLiveHub({ sessions, clock, log, metrics });

  const peers = new PeerTrust({ db, anchors: keys.anchors, clock, limiter, metrics });
  const cutOff = (sensorId: string): void => {
    peers.forget();
    deps.closePeer(sensorId);
  };
  const ingest = new Ingest({ db, events, hub, clock, log, metrics });
  const streams = new Streams({ ingest, hub, clock, metrics });
  const samples = new Samples({ events, clock, log, metrics });
  const inventory = new InventoryService({ db, clock, metrics });
  const { heartbeatIntervalMs, streamTickMs, staleThresholdMs: staleMs } = config;
  const heartbeats = new HeartbeatService({ db, ingest, inventory, samples, hub, clock, heartbeatIntervalMs });
  const isConnected = (sensorId: string): boolean => streams.isConnected(sensorId);
  const fleet = new FleetService({
    db,
    events,
    audit,
    hub,
    clock,
    staleMs,
    isConnected,
    forgetTrust: () => peers.forget(),
    cutOff,
  });
  const enrollment = new EnrollmentService({
    db,
    keys,
    audit,
    hub,
    limiter,
    clock,
    log,
    metrics,
    heartbeatIntervalMs,
    streamTickMs,
  });
  const tokens = new TokenService({ db, audit, clock, pin: keys.pin, ttlMs: config.enrollmentTokenTtlMs });

  const users = createUserService({ store: userStore, sessions, passwords, audit, limiter });
  const setup = createSetupService({
    store: createSetupStore({ db }),
    sessions,
    passwords,
    audit,
    limiter,
    clock,
    publicUrl: url,
    version,
  });
  const handler = createHttpApp({
    sessions,
    limiter,
    log,
    metrics,
    assets: deps.assets,
    open: [
      createHealthRoutes({
        version,
        vertical: config.vertical,
        readiness,
        metrics,
        metricsToken: config.metricsToken,
      }),
      createEnrollmentRoutes({ enrollment, download: deps.download }),
      createSensorRoutes({ authenticator: peers, ingest, streams, heartbeats, inventory, fleet, cutOff }),
    ],
    operators: [
      createSetupRoutes({ service: setup }),
      createUserRoutes({ service: users }),
      createTokenRoutes({ tokens, publicUrl: config.publicUrl }),
      createFleetRoutes({ fleet, inventory }),
      createEventRoutes({ service: createEventService({ store: createEventStore({ events }), clock }) }),
      createLineageRoutes({ service: createLineageService({ store: createLineageStore({ events }), clock }) }),
      createAuditRoutes({ service: audit }),
      createLiveRoutes({ hub, clock }),
    ],
  });

  return {
    handler,
    services: [hub, samples, ingest, streams],
    setup,
    async createLocalToken(request) {
      const tenantId = await findFirstTenant(db);
      if (tenantId === undefined)
        throw new AppError("setup_required", "Set-up is not complete yet.", { hint: "Open the set-up link first." });
      return tokens.create({ tenantId, email: undefined }, request, url());
    },
    async status() {
      // With PostgreSQL down the rest is still told.
      const fleetOf = async (): Promise<{ complete: boolean; list?: SensorList }> => {
        const tenantId = await findFirstTenant(db);
        if (tenantId === undefined) return { complete: false };
        return { complete: true, list: await fleet.list(tenantId, { page_size: 1 }) };
      };
      const { complete, list } = await fleetOf().catch((error: unknown) => {
        if (error instanceof AppError && error.code === "unavailable") return { complete: null, list: undefined };
        throw error;
      });
      return {
        version,
        started_at: new Date(startedMs).toISOString(),
        uptime_secs: Math.floor((clock.nowMs() - startedMs) / 1000),
        url: url(),
        stores: await readiness(),
        setup_complete: complete,
        event_store: ingest.room > 0 ? "takes events" : "takes none",
        server_certificate_ends_at: keys.serverNotAfter.toISOString(),
        ...(list ? { sensors_total: list.total, sensors: list.counts, health: list.health } : {}),
      };
    },
  };
}
