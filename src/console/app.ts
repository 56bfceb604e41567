import { networkInterfaces, hostname } from "node:os";
import type { CreatedToken } from "../core/api/tokens.ts";
import { buildInfo } from "../core/build-info.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { createLog, type Log } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import type { Manifest } from "../core/payload/embedded-files.ts";
import { Stack } from "../core/service.ts";
import { dataPath, type ConsoleConfig } from "./config.ts";
import { createControlSocket } from "./control/socket.ts";
import type { RequestHandler } from "./http/context.ts";
import { Listener, type ListenerLimits } from "./http/listener.ts";
import { openEventStore, openStateStore } from "./open-stores.ts";
import { createPlanes } from "./planes.ts";
import type { Db, EventDb } from "./stores/contract.ts";
import type { SensorDownload } from "./trust/download.ts";
import { openKeyStore, type KeyStore, type ServerNames } from "./trust/key-store.ts";

/** What a test or an embedder puts in place of the usual. */
export interface ConsoleOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Already open and migrated; they are not closed here. */
  readonly stores?: { readonly db: Db; readonly events: EventDb };
  readonly download?: SensorDownload;
  readonly listenerLimits?: Partial<ListenerLimits>;
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
  } catch (error) {
    log.error(`start failed: ${name}`, { error });
    throw error;
  }
}

function listen(
  config: ConsoleConfig,
  keys: KeyStore,
  fetch: RequestHandler,
  log: Log,
  metrics: Metrics,
  limits: Partial<ListenerLimits>,
): Listener {
  const tls = { certPem: keys.serverCertPem, keyPem: keys.serverKeyPem, clientCaPem: keys.sensorCaPem };
  const open = (host: string): Listener =>
    new Listener({ host, port: config.port, tls, fetch, limits, log: log.child("listener"), metrics });
  try {
    return open(config.host);
  } catch (error) {
    const code = error instanceof AppError ? (error.cause as { code?: string } | undefined)?.code : undefined;
    // A host without IPv6.
    if (config.host === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL")) return open("0.0.0.0");
    throw error;
  }
}

const STARTING: RequestHandler = () =>
  Response.json(
    { error: { code: "unavailable", message: "The Console is starting." } },
    { status: 503, headers: { "retry-after": "1" } },
  );

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
  const stack = new Stack(log);
  const failed = Promise.withResolvers<unknown>();
  let disposed: Promise<void> | undefined;
  const dispose = (): Promise<void> => (disposed ??= stack[Symbol.asyncDispose]());
  try {
    signal?.throwIfAborted();
    const { version } = buildInfo();
    log.info("telovix console", { version, data_dir: config.dataDir });
    const keys = await step(log, "keys and certificates", () =>
      openKeyStore({
        dir: dataPath(config, "trust"),
        tlsCertPath: config.tlsCertPath,
        tlsKeyPath: config.tlsKeyPath,
        names: serverNames(config),
        nowMs: clock.nowMs(),
        log: log.child("trust"),
      }),
    );
    const storesDeps = { config, clock, log, metrics, stack, ...manifest };
    const db = overrides.stores?.db ?? (await step(log, "PostgreSQL", () => openStateStore(storesDeps)));
    const events = overrides.stores?.events ?? (await step(log, "ClickHouse", () => openEventStore(storesDeps)));
    let handler = STARTING;
    const listener = await step(log, "listener", () =>
      listen(
        config,
        keys,
        (request, context) => handler(request, context),
        log,
        metrics,
        overrides.listenerLimits ?? {},
      ),
    );
    const url = config.publicUrl ?? `https://${hostname()}:${listener.port}`;
    const planes = createPlanes({
      config,
      db,
      events,
      keys,
      clock,
      log,
      metrics,
      url,
      version,
      assets: manifest.uiAssets,
      download: overrides.download ?? (() => Promise.resolve(undefined)),
      closePeer: (name) => listener.closePeer(name),
    });
    await step(log, "services", () => {
      for (const service of planes.services) stack.start(service, failed.resolve);
    });
    handler = planes.handler;
    stack.add("listener", () => listener[Symbol.asyncDispose]());
    const setupLink = await step(log, "set-up", () => planes.setup.createSetupLink());
    const control = createControlSocket(
      config.dataDir,
      {
        createToken: (request) => planes.createLocalToken(request),
        createSetupLink: () => planes.setup.createSetupLink(),
        status: () => planes.status(),
      },
      log.child("control"),
    );
    await step(log, "control socket", () => stack.start(control, failed.resolve));
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => void dispose(), { once: true });
    log.info("the Console serves", { url, port: listener.port });
    return {
      port: listener.port,
      url,
      setupLink,
      failure: failed.promise,
      createToken: (request = {}) => planes.createLocalToken(request),
      isSetUp: async () => (await planes.setup.status()).complete,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
