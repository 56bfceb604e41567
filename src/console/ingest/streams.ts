import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import type { SensorPeer } from "../http/env.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Ingest } from "./service.ts";
import { StreamSession, type SessionHost } from "./stream-session.ts";

/** Three pings without an answer. */
const SILENCE_MS = 3 * INTERVALS.streamPingMs + 5_000;
const TICK_MS = 500;
const HELLO_TIMEOUT_MS = 10_000;
const MAX_CREDIT = 5_000;
/** Every so many pings the Console asks itself whether it still stands by the sensor: revocations made by another Console. */
const PINGS_PER_CHECK = 3;

export interface StreamsDeps {
  readonly ingest: Ingest;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** All sensors' streams of this Console: one each, a new one replacing the old. */
export class Streams implements Service, SessionHost {
  readonly name = "sensor streams";
  readonly ingest: Ingest;
  readonly #deps: StreamsDeps;
  readonly #all = new Set<StreamSession>();
  readonly #bySensor = new Map<string, StreamSession>();
  #pings = 0;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
    this.ingest = deps.ingest;
    const open = deps.metrics.gauge("telovix_console_streams", "Sensors with an active stream.");
    deps.metrics.onCollect(() => open(this.#bySensor.size));
  }

  /** The handler of a new stream. `recheck` rejects once the Console no longer stands by the sensor. */
  session(peer: SensorPeer, recheck: () => Promise<unknown>): StreamSession {
    return new StreamSession(peer, recheck, this);
  }

  arrived(session: StreamSession): void {
    this.#all.add(session);
  }

  isConnected(sensorId: string): boolean {
    return this.#bySensor.has(sensorId);
  }

  /** Asks a sensor to report now; false when it has no stream. */
  refresh(sensorId: string, what: "heartbeat" | "inventory"): boolean {
    const session = this.#bySensor.get(sensorId);
    session?.refresh(what);
    return session !== undefined;
  }

  nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  credit(): number {
    const share = Math.floor(this.ingest.room / Math.max(1, this.#bySensor.size));
    // While there is room at all each sensor may send a little, so that none starves beside a thousand others.
    return this.ingest.room === 0 ? 0 : Math.min(MAX_CREDIT, Math.max(100, share));
  }

  opened(session: StreamSession): void {
    const { sensorId, tenantId } = session.peer;
    const old = this.#bySensor.get(sensorId);
    this.#bySensor.set(sensorId, session);
    session.pingDueMs = this.nowMs() + Math.random() * INTERVALS.streamPingMs;
    if (old) old.end(1000, "replaced by a newer stream");
    else this.#deps.hub.sensorChanged(tenantId, sensorId, "connected");
  }

  closed(session: StreamSession): void {
    this.#all.delete(session);
    const { sensorId, tenantId } = session.peer;
    if (this.#bySensor.get(sensorId) !== session) return;
    this.#bySensor.delete(sensorId);
    this.#deps.hub.sensorChanged(tenantId, sensorId, "disconnected");
  }

  async run(signal: AbortSignal): Promise<void> {
    const unwatch = this.ingest.watchStore(() => this.#regrant());
    while (!signal.aborted) {
      await this.#deps.clock.sleep(TICK_MS, signal);
      this.#regrant();
      const nowMs = this.nowMs();
      for (const session of this.#all) {
        if (!session.ready) {
          if (nowMs - session.openedMs > HELLO_TIMEOUT_MS) session.end(1008, "no hello");
        } else if (nowMs - session.heardMs > SILENCE_MS) {
          // A frozen sensor keeps its socket: without this it would look healthy for ever.
          session.drop();
        } else if (nowMs >= session.pingDueMs) {
          session.pingDueMs = nowMs + INTERVALS.streamPingMs;
          session.ping();
          if (this.#pings++ % PINGS_PER_CHECK === 0) this.#check(session);
        }
      }
    }
    unwatch();
    for (const session of this.#all) session.end(1001, "the Console is shutting down");
  }

  #regrant(): void {
    for (const session of this.#bySensor.values()) session.regrant();
  }

  #check(session: StreamSession): void {
    session.recheck().catch((error: unknown) => {
      const refused =
        error instanceof AppError && ["invalid_sensor_trust", "sensor_revoked", "forbidden"].includes(error.code);
      if (refused) session.end(1008, (error as AppError).code);
    });
  }
}
