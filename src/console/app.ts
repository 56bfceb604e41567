import { networkInterfaces, hostname } from "node:os";
import type { CreatedToken } from "../core/api/tokens.ts";
import { buildInfo } from "../core/build-info.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { createLog, type Log } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import type { Manifest } from "../core/payload/embedded-files.ts";
import { Stack } from "../core/service.ts";
import { systemFault } from "../core/system-fault.ts";
import { dataPath, type ConsoleConfig } from "./config.ts";
import { createControlSocket } from "./control/socket.ts";
import { toAddresses, type StoreTargets } from "./control/store-addresses.ts";
import type { ServerAccounts } from "./embedded/account.ts";
import type { RequestHandler } from "./http/context.ts";
import { RateLimiter } from "./http/limits.ts";
import type { ListenerLimits, StreamDoor, TlsMaterial } from "./http/listener-options.ts";
import { Listener } from "./http/listener.ts";
import type { Dependency } from "./http/readiness.ts";
import { openEventStore, openStateStore, prepareEmbedded, type StoresDeps } from "./open-stores.ts";
import { createPlanes } from "./planes.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import { assertTables, assertWritable } from "./stores/faults.ts";
import type { SensorDownload } from "./trust/download.ts";
import { createSharing } from "./shared/sharing.ts";
import { connectionsOf, startWorkers, withAllMetrics } from "./workers/front.ts";
import type { WorkerPool } from "./workers/pool.ts";
import type { Seat } from "./workers/seat.ts";
import { openPolicySigner, type KeyStore, type ServerNames } from "./trust/key-store.ts";
import { Keys } from "./trust/keys.ts";

/** What a test or an embedder puts in place of the usual. */
export interface ConsoleOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Already open and migrated; they are not closed here. */
  readonly stores?: { readonly db: Db; readonly events: EventDb };
  readonly download?: SensorDownload;
  readonly listenerLimits?: Partial<ListenerLimits>;
  /** Makes this process a worker beside others, which listens on their port and leaves stores, jobs and control to its parent. */
  readonly seat?: Seat;
  /** Where lines of workers' logs go; stderr by default. */
  readonly write?: (line: string) => void;
}

/** A running Console. */
export interface RunningConsole extends AsyncDisposable {
  readonly port: number;
  /** Where browsers and nodes reach it: as configured, or by this host's name. */
  readonly url: string;
  /** One use; undefined once set-up is complete. */
  readonly setupLink: string | undefined;
  /** Resolves with the error when a part that must run has failed; the Console should then be stopped. */
  readonly failure: Promise<unknown>;
  /** A token of the first tenant; AppError `setup_required` before there is one. */
  createToken(request?: object): Promise<CreatedToken>;
  isSetUp(): Promise<boolean>;
}

/** Names and addresses under which this host may be reached. */
function serverNames(config: ConsoleConfig): ServerNames {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((a) => !a.address.startsWith("fe80:"))
    .map((a) => a.address);
  const dns = new Set(["telovix-console", "localhost", hostname().toLowerCase()]);
  const ips = new Set(["127.0.0.1", "::1", ...addresses.toSorted().slice(0, 30)]);
  if (config.publicUrl !== undefined) {
    const host = new URL(config.publicUrl).hostname.replace(/^\[|\]$/g, "");
    (/^[\d.]+$|:/.test(host) ? ips : dns).add(host);
  }
  return { dns: [...dns].filter((name) => /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)), ips: [...ips] };
}

/** Runs a step of the start and logs how long it took; an error is passed on with the step's name. */
async function step<T>(log: Log, name: string, run: () => Promise<T> | T): Promise<T> {
  const startMs = performance.now();
  try {
    const value = await run();
    log.info(`start: ${name}`, { ms: Math.round(performance.now() - startMs) });
    return value;
  } catch (thrown) {
    const error = systemFault(thrown) ?? thrown;
    log.error(`start failed: ${name}`, { error });
    throw error;
  }
}

function tlsMaterial(keys: KeyStore): TlsMaterial {
  return { certPem: keys.serverCertPem, keyPem: keys.serverKeyPem, clientCaPem: keys.sensorCaPem };
}

function listen(
  config: ConsoleConfig,
  keys: KeyStore,
  { handler: fetch, streamDoor: streams }: { readonly handler: RequestHandler; readonly streamDoor: StreamDoor },
  log: Log,
  metrics: Metrics,
  limits: Partial<ListenerLimits>,
  seat: Seat | undefined,
): Listener {
  const tls = tlsMaterial(keys);
  const open = (host: string): Listener =>
    new Listener({ host, port: config.port, tls, fetch, streams, limits, log: log.child("listener"), metrics });
  if (seat) {
    const shared = { ...seat.boot, reusePort: true, tls, fetch: withAllMetrics(fetch, seat), streams, limits };
    return new Listener({ ...shared, log: log.child("listener"), metrics });
  }
  try {
    return open(config.host);
  } catch (error) {
    const code = error instanceof AppError ? (error.cause as { code?: string } | undefined)?.code : undefined;
    // A host without IPv6.
    if (config.host === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL")) return open("0.0.0.0");
    throw error;
  }
}

interface Stores {
  readonly db: Db;
  readonly events: EventDb;
  /** What ingest writes to: the event store, or what stands before it. */
  readonly sink: EventDb;
  readonly dependencies: readonly Dependency[];
  /** Undefined when somebody else keeps them. */
  readonly targets?: StoreTargets;
}

/** Both stores side by side. When one fails, the other is waited for, so that it can be stopped. */
async function openStores(deps: StoresDeps, accounts: ServerAccounts | undefined): Promise<Stores> {
  const opening = step(deps.log, "PostgreSQL and its migrations", () => openStateStore(deps, accounts));
  const [state, events] = await Promise.allSettled([
    opening,
    step(deps.log, "ClickHouse and its migrations", () => openEventStore(deps, accounts, opening)),
  ]);
  if (state.status === "rejected") throw state.reason;
  if (events.status === "rejected") throw events.reason;
  const { sink, dependencies: queue } = events.value.queue;
  const dependencies = [state.value.dependency, events.value.dependency, ...queue];
  const targets = { postgres: state.value.target, clickhouse: events.value.target };
  return { db: state.value.store, events: events.value.store, sink, dependencies, targets };
}

/** Stores that somebody else keeps. */
function givenStores({ db, events }: { readonly db: Db; readonly events: EventDb }): Stores {
  const action = "Ask whoever keeps it.";
  return {
    db,
    events,
    sink: events,
    dependencies: [
      { name: "postgresql", ping: () => assertWritable(db), action },
      { name: "clickhouse", ping: () => assertTables(events), action },
    ],
  };
}

/**
 * Starts a Console and resolves once it serves. Rejects with an AppError that says what to do; what had started is stopped then.
 * It stops when the signal aborts or when it is disposed of.
 */
export async function startConsole(
  config: ConsoleConfig,
  manifest: Manifest,
  overrides: ConsoleOverrides = {},
  signal?: AbortSignal,
): Promise<RunningConsole> {
  const log = overrides.log ?? createLog({ format: config.logFormat, level: config.logLevel });
  const clock = overrides.clock ?? systemClock;
  const metrics = overrides.metrics ?? new Metrics();
  const { seat } = overrides;
  const stack = new Stack(log);
  const failed = Promise.withResolvers<unknown>();
  let disposed: Promise<void> | undefined;
  const dispose = (): Promise<void> => (disposed ??= stack[Symbol.asyncDispose]());
  try {
    signal?.throwIfAborted();
    const { version } = buildInfo();
    log.info("telovix console", { version, data_dir: config.dataDir });
    const accounts = await step(log, "configuration and data directory", () => prepareEmbedded(config));
    const dir = dataPath(config, "trust");
    const trustLog = log.child("trust");
    const policySigner = await step(log, "policy-signing keys", () => openPolicySigner(dir, trustLog));
    const { db, events, sink, dependencies, targets }: Stores = overrides.stores
      ? givenStores(overrides.stores)
      : await openStores(
          {
            config,
            clock,
            log,
            metrics,
            stack,
            attach: seat?.boot,
            maxConnections: connectionsOf(config.workers),
            ...manifest,
          },
          accounts,
        );
    const keys = await step(log, "TLS assets", () =>
      Keys.open({
        dir,
        tlsCertPath: config.tlsCertPath,
        tlsKeyPath: config.tlsKeyPath,
        names: serverNames(config),
        db,
        clock,
        log: trustLog,
        policySigner,
      }),
    );
    const sharing = await step(log, "other processes", () =>
      createSharing({ db, redisUrl: config.redisUrl, seat, clock, log, metrics }),
    );
    const limiter = await step(log, "rate limiter", () => new RateLimiter(clock, sharing.limits));
    let listener: Listener | undefined;
    let pool: WorkerPool | undefined;
    // The port may be chosen by the kernel, so the address is known only when it listens.
    const url = (): string =>
      config.publicUrl ?? `https://${hostname()}:${listener?.port ?? pool?.port ?? config.port}`;
    const planes = await step(log, "routers", () =>
      createPlanes({
        config,
        db,
        events,
        sink,
        dependencies: [...dependencies, ...sharing.dependencies],
        bus: sharing.bus,
        runsJobs: !seat,
        keys,
        limiter,
        clock,
        log,
        metrics,
        url,
        version,
        assets: manifest.uiAssets,
        download: overrides.download ?? (() => Promise.resolve(undefined)),
        closePeer: (name) => listener?.closePeer(name) ?? 0,
      }),
    );
    await step(log, "background services", () => {
      for (const service of [...sharing.services, ...planes.services]) stack.start(service, failed.resolve);
    });
    const limits = overrides.listenerLimits ?? {};
    const write = overrides.write ?? ((line: string) => void process.stderr.write(line));
    const front =
      config.workers > 1 && !seat && targets
        ? (pool = await step(log, "workers", () =>
            startWorkers({ config, targets, sharing, limiter, clock, log, metrics, write }),
          ))
        : (listener = await step(log, "listener", () => listen(config, keys, planes, log, metrics, limits, seat)));
    stack.add("front", () => front[Symbol.asyncDispose]());
    stack.add("events under way", () => planes.drain());
    keys.onChange(() => listener?.reload(tlsMaterial(keys)));
    seat?.ready({ metrics: () => metrics.render(), connections: () => listener?.size ?? 0 });
    const setupLink = await step(log, "set-up", () => (seat ? undefined : planes.setup.createSetupLink()));
    const control = createControlSocket(
      config.dataDir,
      {
        trust: planes.local,
        createSetupLink: () => planes.setup.createSetupLink(),
        refreshAll: (what) => planes.refreshAll(what),
        status: async () => ({ ...(await planes.status()), ...(pool && { workers: await pool.statuses() }) }),
        stores: targets && (() => toAddresses(targets)),
      },
      log.child("control"),
    );
    if (!seat) await step(log, "control socket", () => stack.start(control, failed.resolve));
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => void dispose(), { once: true });
    log.info("the Console serves", { url: url(), port: front.port });
    return {
      port: front.port,
      url: url(),
      setupLink,
      failure: failed.promise,
      createToken: (request = {}) => planes.local.createToken(request),
      isSetUp: async () => (await planes.setup.status()).complete,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
