import type { Hono } from "hono";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { AuditLog } from "../audit/contract.ts";
import { dataPath, type ConsoleConfig } from "../config.ts";
import type { HttpEnv } from "../http/env.ts";
import type { RateLimiter } from "../http/limits.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db } from "../stores/contract.ts";
import type { TrustBus } from "./bus.ts";
import { CertificateService } from "./certificates.ts";
import type { SensorDownload } from "./download.ts";
import type { Keys } from "./keys.ts";
import { PeerTrust } from "./peers.ts";
import { RotationService } from "./rotation/service.ts";
import { createAuthorityRoutes, createCertificateRoutes, createEnrollmentRoutes, createTokenRoutes } from "./routes.ts";
import { EnrollmentService } from "./service.ts";
import { PostgresTrustBus } from "./store-bus.ts";
import { findFirstTenant } from "./store.ts";
import { TokenService } from "./tokens.ts";

export interface TrustDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly keys: Keys;
  readonly audit: AuditLog;
  readonly hub: LiveHub;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly download: SensorDownload;
  /** Cuts this process's connections of a sensor, by its id or a certificate's serial. */
  readonly closePeer: (name: string) => number;
}

/** Everything that has to do with trust in sensors, wired. */
export interface TrustPlane {
  readonly bus: TrustBus;
  readonly peers: PeerTrust;
  readonly tokens: TokenService;
  readonly certificates: CertificateService;
  readonly rotation: RotationService;
  /** Ends what a sensor is connected by, in every process on the database. */
  readonly cutOff: (sensorId: string) => void;
  /** Routes for sensors and nodes, and those for operators. */
  readonly open: readonly Hono<HttpEnv>[];
  readonly operators: readonly Hono<HttpEnv>[];
  readonly services: readonly Service[];
}

/** Wires trust on an open store. */
export function createTrust(deps: TrustDeps): TrustPlane {
  const { config, db, keys, audit, hub, limiter, clock, log, metrics, closePeer } = deps;
  const { heartbeatIntervalMs, streamTickMs } = config;
  const bus = new PostgresTrustBus({ db, log, metrics });
  const certificates = new CertificateService({
    db,
    keys,
    bus,
    audit,
    hub,
    limiter,
    clock,
    log: log.child("trust"),
    metrics,
  });
  const firstUse = (serial: string): Promise<void> => certificates.firstUse(serial);
  const peers = new PeerTrust({ db, keys, firstUse, clock, limiter, metrics });
  bus.subscribe((news) => {
    switch (news.kind) {
      case "cut":
        peers.forget();
        closePeer(news.sensorId);
        break;
      case "certificates":
        peers.forgetSerials(news.serials);
        for (const serial of news.serials) closePeer(serial);
        break;
      case "changed":
        peers.forgetSerials(news.serials);
        break;
      case "resync":
        peers.forget();
        void reload();
        break;
      case "authorities":
        void reload();
        break;
    }
  });
  const reload = (): Promise<void> =>
    keys.reload().catch((error: unknown) => log.error("the authorities could not be read again", { error }));
  keys.onChange(() => peers.forgetAuthorities());
  const tokens = new TokenService({ db, audit, clock, keys, ttlMs: config.enrollmentTokenTtlMs });
  const forgetTrust = (): void => peers.forget();
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
    forgetTrust,
  });
  const dir = dataPath(config, "trust");
  const rotation = new RotationService({ db, dir, keys, bus, audit, clock, log: log.child("trust") });
  return {
    bus,
    peers,
    tokens,
    certificates,
    rotation,
    cutOff: (sensorId) => bus.publish({ kind: "cut", sensorId }),
    open: [
      createEnrollmentRoutes({ enrollment, download: deps.download }),
      createCertificateRoutes({ authenticator: peers, certificates }),
    ],
    operators: [
      createTokenRoutes({ tokens, publicUrl: config.publicUrl }),
      createAuthorityRoutes({ rotation, firstTenant: () => findFirstTenant(db) }),
    ],
    services: [bus, keys],
  };
}
