import type { SensorList } from "../core/api/sensors.ts";
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
import { createEventCounts } from "./events/counts.ts";
import { createEventRoutes } from "./events/routes.ts";
import { createEventService } from "./events/service.ts";
import { createClockChanges } from "./events/store-clocks.ts";
import { createCountStore } from "./events/store-counts.ts";
import { createEventStore } from "./events/store.ts";
import { HeartbeatService } from "./fleet/heartbeat.ts";
import { createFleetRoutes } from "./fleet/routes.ts";
import { Samples } from "./fleet/samples.ts";
import { FleetService } from "./fleet/service.ts";
import { createHttpApp } from "./http-app.ts";
import type { RequestHandler } from "./http/context.ts";
import type { StreamDoor } from "./http/listener-options.ts";
import { createHealthRoutes } from "./http/health.ts";
import type { RateLimiter } from "./http/limits.ts";
import { createReadiness, eventsWord, type Dependency, type StoreHealth } from "./http/readiness.ts";
import { ReadinessWatch } from "./http/readiness-watch.ts";
import { Instances } from "./ingest/instances.ts";
import { Posts } from "./ingest/posts.ts";
import { createSensorRoutes, createStreamDoor } from "./ingest/routes.ts";
import { createLedger } from "./integrity/wire.ts";
import { Ingest } from "./ingest/service.ts";
import { Streams } from "./ingest/streams.ts";
import { inventoryIntervalSecs } from "./inventory/rhythm.ts";
import { InventoryService } from "./inventory/service.ts";
import { createLineageRoutes } from "./lineage/routes.ts";
import { createLineageService } from "./lineage/service.ts";
import { createLineageStore } from "./lineage/store.ts";
import type { JobStatus } from "./jobs/service.ts";
import { createLiveRoutes } from "./live/routes.ts";
import type { Bus } from "./shared/contract.ts";
import type { WorkerStatus } from "./workers/pool.ts";
import { createJoined } from "./workers/wire.ts";
import { createStorage } from "./retention/wire.ts";
import { createSetupRoutes } from "./setup/routes.ts";
import { createSetupService, type SetupService } from "./setup/service.ts";
import { createSetupStore } from "./setup/store.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import type { SensorDownload } from "./trust/download.ts";
import { authorityKeysDependency } from "./trust/rotation/hosts.ts";
import { localTrust, type LocalTrust } from "./trust/local.ts";
import type { Keys } from "./trust/keys.ts";
import { findFirstTenant } from "./trust/store.ts";
import { createTrust } from "./trust/wire.ts";
import { createPasswords } from "./users/password.ts";
import { createUserRoutes } from "./users/routes.ts";
import { createUserService } from "./users/service.ts";
import { createSessions } from "./users/sessions.ts";
import { createUserStore } from "./users/store.ts";

export interface PlanesDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly events: EventDb;
  /** Where ingest puts its rows. */
  readonly sink: EventDb;
  readonly keys: Keys;
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
  /** Joins this process to the others of its installation. */
  readonly bus: Bus;
  /** False where another process of this host does. */
  readonly runsJobs: boolean;
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
  /** Scheduled work of the whole installation; absent while PostgreSQL does not answer. */
  readonly jobs?: readonly JobStatus[];
  /** Where there are several processes. */
  readonly workers?: readonly WorkerStatus[];
  /** Of the first tenant; absent before set-up and while PostgreSQL does not answer. */
  readonly sensors_total?: number;
  readonly sensors?: SensorList["counts"];
  readonly health?: SensorList["health"];
}

export interface Planes {
  readonly handler: RequestHandler;
  readonly streamDoor: StreamDoor;
  /** In the order to start them. */
  readonly services: readonly Service[];
  readonly setup: SetupService;
  /** What the host's own administrator may do about tokens and the authority. */
  readonly local: LocalTrust;
  /** Before the connections end: takes nothing more from sensors, makes durable and acknowledges what was taken. */
  drain(): Promise<void>;
  /** Asks every sensor with a stream to report now; answers how many were asked. */
  refreshAll(what: "heartbeat" | "inventory"): Promise<number>;
  status(): Promise<ConsoleStatus>;
}

/** Wires the sensors' plane and the operators' plane on open stores: the only place where their services are made. */
export function createPlanes(deps: PlanesDeps): Planes {
  const { config, db, events, keys, clock, log, metrics, limiter, url, version } = deps;
  const startedMs = clock.nowMs();
  const storage = createStorage(deps, () => (ingest.room === 0 ? ingest.storeFault : undefined));
  const authorityKeys = authorityKeysDependency(db, () => keys.standing);
  const audit = createAuditLog({ store: createAuditStore({ db }), clock, log, metrics });
  const passwords = createPasswords();
  const userStore = createUserStore({ db });
  const alone = createSessions({ store: userStore, clock });
  const { sessions, hub, streamHub, presence, jobs } = createJoined({ ...deps, sessions: alone });
  storage.schedule(jobs);
  const clocks = createClockChanges({ db, metrics, log });
  const counts = createEventCounts({ store: createCountStore({ events: storage.events, clocks }), clock, log });
  counts.schedule(jobs);

  const { peers, cutOff, ...trust } = createTrust({ ...deps, audit, hub });
  const cursor = (...of: Parameters<Ingest["cursor"]>): Promise<number> => ingest.cursor(...of);
  const ledger = createLedger({ ...deps, events: storage.events, audit, jobs, cursor });
  const { onDurable } = ledger;
  const lights = [...deps.dependencies, ...storage.dependencies, authorityKeys, ...ledger.dependencies];
  const readiness = createReadiness(lights);
  const ingest: Ingest = new Ingest({ db, events: storage.sink, hub, clock, log, metrics, onDurable });
  const instances = new Instances({ db, audit, clock, log, metrics });
  const streams = new Streams({
    ingest,
    hub: streamHub,
    clock,
    metrics,
    instances,
    epochs: ledger.epochs,
    onOpened: (sensorId, startId) => presence.opened(sensorId, startId),
    heartbeat: (peer, body) => heartbeats.take(peer, body),
    inventory: (peer, body) => inventory.take(peer, body),
  });
  presence.serve(
    (sensorId, what) => streams.refresh(sensorId, what),
    (sensorId) => ingest.movedAway(sensorId),
    (sensorId, startId) => void streams.openedElsewhere(sensorId, startId),
  );
  const posts = new Posts(metrics);
  const samples = new Samples({ events: storage.events, clock, log, metrics });
  const inventory = new InventoryService({
    db,
    clock,
    metrics,
    refresh: (sensorId) => presence.refresh(sensorId, "inventory"),
    // Its state as the browser knows it has changed, as with a heartbeat.
    onLooked: ({ tenantId, sensorId }) => hub.sensorChanged(tenantId, sensorId, "heartbeat"),
  });
  const { heartbeatIntervalMs, staleThresholdMs: staleMs } = config;
  const { certificates } = trust;
  const heartbeats: HeartbeatService = new HeartbeatService({
    db,
    ingest,
    inventory,
    samples,
    hub,
    clock,
    metrics,
    heartbeatIntervalMs,
    streamTickMs: () => streams.tickMs,
    inventoryIntervalSecs: () => inventoryIntervalSecs(presence.count),
    notice: (peer) => certificates.notice(peer),
  });
  const isConnected = (sensorId: string): boolean => presence.has(sensorId);
  const fleet = new FleetService({
    db,
    events,
    audit,
    hub,
    clock,
    staleMs,
    isConnected,
    heardMs: (sensorId) => heartbeats.heardMs(sensorId),
    forgetTrust: () => peers.forget(),
    cutOff,
  });
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
      ...trust.open,
      createSensorRoutes({ authenticator: peers, ingest, streams, heartbeats, inventory, fleet, posts, cutOff }),
    ],
    operators: [
      createSetupRoutes({ service: setup }),
      createUserRoutes({ service: users }),
      ...trust.operators,
      createFleetRoutes({ fleet, inventory }),
      createEventRoutes({
        service: createEventService({ store: createEventStore({ events, clocks }), counts, clock }),
      }),
      createLineageRoutes({ service: createLineageService({ store: createLineageStore({ events }), clock }) }),
      ...ledger.operators,
      createAuditRoutes({ service: audit }),
      ...storage.operators,
      createLiveRoutes({ hub, clock }),
    ],
  });

  return {
    handler,
    streamDoor: createStreamDoor({ authenticator: peers, streams }),
    services: [
      ...trust.services,
      ...storage.services,
      hub,
      samples,
      ...ledger.services,
      ingest,
      presence,
      streams,
      ...(deps.runsJobs ? [jobs, new ReadinessWatch({ readiness, clock, log })] : []),
    ],
    setup,
    local: localTrust({ ...trust, url, tenant: () => findFirstTenant(db) }),
    drain: () => ingest.drain(),
    async refreshAll(what) {
      const tenantId = await findFirstTenant(db);
      for (let page = 1, asked = 0; ; page++) {
        const { sensors } =
          tenantId === undefined ? { sensors: [] } : await fleet.list(tenantId, { page, page_size: 500 });
        asked += sensors.filter((sensor) => presence.refresh(sensor.sensor_id, what)).length;
        if (sensors.length < 500) return asked;
      }
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
      const stores = await readiness();
      return {
        version,
        started_at: new Date(startedMs).toISOString(),
        uptime_secs: Math.floor((clock.nowMs() - startedMs) / 1000),
        url: url(),
        stores,
        setup_complete: complete,
        event_store: eventsWord(ingest.room, stores),
        ...(complete === null ? {} : { jobs: await jobs.list() }),
        server_certificate_ends_at: keys.serverNotAfter.toISOString(),
        ...(list ? { sensors_total: list.total, sensors: list.counts, health: list.health } : {}),
      };
    },
  };
}
