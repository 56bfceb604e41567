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
import { RateLimiter } from "./http/limits.ts";
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
  /** Where the Console is reached when a request does not say. */
  readonly url: string;
  readonly version: string;
  readonly assets: readonly UiAsset[];
  readonly download: SensorDownload;
  readonly closePeer: (name: string) => number;
}

export interface Planes {
  readonly handler: RequestHandler;
  /** In the order to start them. */
  readonly services: readonly Service[];
  readonly setup: SetupService;
  createLocalToken(request: object): Promise<CreatedToken>;
  status(): Promise<Record<string, unknown>>;
}

/** Wires the sensors' plane and the operators' plane on open stores: the only place where their services are made. */
export function createPlanes(deps: PlanesDeps): Planes {
  const { config, db, events, keys, clock, log, metrics, url, version } = deps;
  const limiter = new RateLimiter(clock);
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
  const dependencies = [
    {
      name: "postgresql",
      ping: () => db.ping(),
      action: "Look at the Console's log for why PostgreSQL does not answer; with --postgres-url, check that server.",
    },
    {
      name: "clickhouse",
      ping: () => events.ping(),
      action: "Look at the Console's log for why ClickHouse does not answer; sensors keep their events meanwhile.",
    },
  ];

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
        dependencies,
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
      return tokens.create({ tenantId, email: undefined }, request, url);
    },
    async status() {
      const tenantId = await findFirstTenant(db);
      const list = tenantId === undefined ? undefined : await fleet.list(tenantId, { page_size: 1 });
      return {
        version,
        url,
        setup_complete: tenantId !== undefined,
        event_store: ingest.room > 0 ? "takes events" : "takes none",
        server_certificate_ends_at: keys.serverNotAfter.toISOString(),
        ...(list ? { sensors: list.counts, health: list.health } : {}),
      };
    },
  };
}
