import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { LaneName } from "../../core/wire/common.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { InventoryResponse } from "../../core/wire/inventory.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import type { StreamHello } from "../../core/wire/stream.ts";
import type { SensorPeer } from "../http/env.ts";
import type { LiveHub } from "../live/contract.ts";
import { FleetPace } from "./fleet-pace.ts";
import type { Instances } from "./instances.ts";
import type { Ingest } from "./service.ts";
import { StreamSession, type SessionHost } from "./stream-session.ts";
import { Turns } from "./turns.ts";

/** Three pings without an answer. */
const SILENCE_MS = 3 * INTERVALS.streamPingMs + 5_000;
const TICK_MS = 500;
/** A Console that has thousands come back at once may be late itself; whoever is here has shown a certificate. */
const HELLO_TIMEOUT_MS = 30_000;
/** A node that is there answers a ping sooner than this; one that restarted leaves a connection behind that does not. */
const CHALLENGE_MS = 2_000;
/** News of a stream elsewhere may be overtaken by the sensor coming back here: a stream as young as this is asked first. */
const YOUNG_MS = 1_000;
/** A process with more streams than this asks for frames less often, so that it reads as many a second as with this many; up to a bound. */
const CALM_STREAMS = 500;
const MAX_TICK_MS = 10_000;
/** Of an event that waits for its turn, about. */
const EVENT_BYTES = 600;
/** Streams of one identity at once, when several nodes have it. */
const MAX_CLONES = 4;
/** Every so many pings the Console asks itself whether it still stands by the sensor: revocations made by another Console. */
const PINGS_PER_CHECK = 3;

type Lanes = NonNullable<StreamHello["lanes"]>;
type Ended = NonNullable<StreamHello["ended"]>;

export interface StreamsDeps {
  readonly ingest: Ingest;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly instances?: Pick<Instances, "judge">;
  readonly heartbeat?: (peer: SensorPeer, body: unknown) => Promise<HeartbeatResponse>;
  readonly inventory?: (peer: SensorPeer, body: unknown) => Promise<InventoryResponse>;
  /** Told of every hello that was answered, of sensors that say which start they are. */
  readonly onOpened?: (sensorId: string, startId: string) => void;
  /** Told which sequences a sensor has and which are over. */
  readonly epochs?: {
    compare(peer: SensorPeer, lanes: Lanes, ended: Ended): Promise<void>;
    seen(peer: SensorPeer, lanes: Lanes, ended: Ended): Promise<void>;
  };
}

/** Who else uses a session's identity. */
interface Company {
  /** Their streams, which answer. */
  readonly streams: readonly StreamSession[];
  readonly suspected: boolean;
}

/** All sensors' streams of this Console: one each, a new one replacing the old. Only nodes that share an identity have one beside the other. */
export class Streams implements Service, SessionHost {
  readonly name = "sensor streams";
  readonly ingest: Ingest;
  readonly #deps: StreamsDeps;
  readonly #all = new Set<StreamSession>();
  /** Newest last. */
  readonly #bySensor = new Map<string, StreamSession[]>();
  readonly #company = new WeakMap<StreamSession, Company>();
  /** What outages left has less room than the present: each waits for its own. */
  readonly #turns: Readonly<Record<"bulk" | "backlog", Turns>>;
  readonly #pace = new FleetPace();
  /** Streams that came since the last tick. */
  #arrived = 0;
  #pings = 0;
  /** Some lane was granted nothing when it was last told. */
  #someWait = false;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
    this.ingest = deps.ingest;
    const turns = (lane: LaneName): Turns =>
      new Turns({
        nowMs: () => deps.clock.monotonicMs(),
        nextTurn: (run, afterMs) => void (afterMs === undefined ? setImmediate(run) : setTimeout(run, afterMs)),
        isHeld: () => deps.ingest.isFull(lane),
      });
    this.#turns = { bulk: turns("bulk"), backlog: turns("backlog") };
    const open = deps.metrics.gauge("telovix_console_streams", "Sensors with an active stream.");
    deps.metrics.onCollect(() => open(this.#bySensor.size));
  }

  /** The handler of a new stream. `recheck` rejects once the Console no longer stands by the sensor. */
  session(peer: SensorPeer, recheck: () => Promise<unknown>): StreamSession {
    return new StreamSession(peer, recheck, this);
  }

  arrived(session: StreamSession): void {
    this.#all.add(session);
    this.#arrived++;
  }

  isConnected(sensorId: string): boolean {
    return this.#bySensor.has(sensorId);
  }

  /** Asks a sensor to report now, or to renew its certificate; false when it has no stream. */
  refresh(sensorId: string, what: "heartbeat" | "inventory" | "certificate"): boolean {
    const session = this.#bySensor.get(sensorId)?.at(-1);
    session?.refresh(what);
    return session !== undefined;
  }

  /** So many that what each may have under way, all together, is more than may wait here. */
  get #isLarge(): boolean {
    return this.#all.size > CALM_STREAMS;
  }

  /** How long sensors should gather what is no alert; undefined: as they like. */
  get tickMs(): number | undefined {
    const { size } = this.#all;
    if (!this.#isLarge) return undefined;
    return Math.min(MAX_TICK_MS, Math.round((INTERVALS.streamTickMs * size) / CALM_STREAMS));
  }

  nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  get heartbeat(): SessionHost["heartbeat"] {
    return this.#deps.heartbeat;
  }

  get inventory(): SessionHost["inventory"] {
    return this.#deps.inventory;
  }

  later(lane: "bulk" | "backlog", run: () => void, bytes: number): void {
    this.#turns[lane].add(run, bytes);
  }

  credit(sensorId: string, lane: LaneName): number {
    const given = this.ingest.creditFor(sensorId, lane);
    const credit = given === 0 || !this.#isLarge ? given : this.#creditOfMany(lane, given);
    if (credit === 0) this.#someWait = true;
    return credit;
  }

  #creditOfMany(lane: LaneName, given: number): number {
    const credit = this.#pace.credit(this.#all.size, given);
    return lane === "alert" ? credit : Math.floor(credit * this.#turns[lane].ease);
  }

  async isClone(session: StreamSession): Promise<boolean> {
    const { instance, peer } = session;
    const { instances, clock } = this.#deps;
    if (!instance || !instances) return false;
    const others = (this.#bySensor.get(peer.sensorId) ?? []).filter(
      (other) => other.instance !== undefined && other.instance.start_id !== instance.start_id,
    );
    const late = others.length > 0 ? clock.sleep(CHALLENGE_MS) : Promise.resolve();
    const answers = await Promise.all(others.map((other) => other.answers(late)));
    const alive = others.filter((_, i) => answers[i]);
    const seen = alive.map((other) => other.instance!);
    const { clone, tell } = await instances.judge(peer, instance, seen);
    this.#company.set(session, { streams: alive, suspected: clone });
    return tell;
  }

  async compare(session: StreamSession, hello: StreamHello): Promise<void> {
    // Of two that share an identity each was acknowledged something else under the same numbers.
    if (hello.lanes && !this.#company.get(session)?.suspected)
      await this.#deps.epochs?.compare(session.peer, hello.lanes, hello.ended ?? []);
  }

  opened(session: StreamSession, hello: StreamHello): void {
    const { sensorId, tenantId } = session.peer;
    const company = this.#company.get(session);
    const old = this.#bySensor.get(sensorId);
    const stay = (old ?? []).filter((other) => company?.streams.includes(other)).slice(1 - MAX_CLONES);
    this.#bySensor.set(sensorId, [...stay, session]);
    session.pingDueMs = this.nowMs() + Math.random() * INTERVALS.streamPingMs;
    if (old) for (const other of old) if (!stay.includes(other)) other.end(1000, "replaced by a newer stream");
    if (!old) this.#deps.hub.sensorChanged(tenantId, sensorId, "connected");
    if (session.instance) this.#deps.onOpened?.(sensorId, session.instance.start_id);
    // Sensors before version 3 say nothing of it; of two that share an identity each knows its own sequences only.
    if (hello.lanes && !company?.suspected) void this.#deps.epochs?.seen(session.peer, hello.lanes, hello.ended ?? []);
  }

  /**
   * A sensor has said hello to another process. What is here of the same start is what a cut left behind, and ends at once; a stream of
   * another start ends unless it answers: that would be a second node with this identity.
   */
  async openedElsewhere(sensorId: string, startId: string): Promise<void> {
    const { clock } = this.#deps;
    const here = this.#bySensor.get(sensorId) ?? [];
    if (here.length === 0) return;
    const nowMs = this.nowMs();
    const late = clock.sleep(CHALLENGE_MS);
    await Promise.all(
      here.map(async (session) => {
        const same = session.instance?.start_id === startId;
        if (same && nowMs - session.openedMs > YOUNG_MS) session.drop();
        else if (!(await session.answers(late))) session.drop();
      }),
    );
  }

  closed(session: StreamSession): void {
    this.#all.delete(session);
    const { sensorId, tenantId } = session.peer;
    const left = this.#bySensor.get(sensorId)?.filter((other) => other !== session);
    if (!left || left.length === this.#bySensor.get(sensorId)!.length) return;
    if (left.length > 0) return void this.#bySensor.set(sensorId, left);
    this.#bySensor.delete(sensorId);
    this.#deps.hub.sensorChanged(tenantId, sensorId, "disconnected");
  }

  async run(signal: AbortSignal): Promise<void> {
    const unwatch = [
      this.ingest.watchStore(() => this.#regrant()),
      // The next tick is an eternity to few fast sensors, and soon enough where thousands are asked what they wait for.
      this.ingest.watchRoom(() => void (this.#isLarge || setImmediate(() => this.#regrant()))),
    ];
    const { clock } = this.#deps;
    while (!signal.aborted) {
      const dueMs = clock.monotonicMs() + TICK_MS;
      await clock.sleep(TICK_MS, signal);
      this.#pace.look(clock.monotonicMs() - dueMs, this.#arrived);
      this.#arrived = 0;
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
          // Who has sent and was answered meanwhile has shown as much; each side hears of the other all the same.
          if (!session.isBusy(nowMs - INTERVALS.streamPingMs / 2)) session.ping();
          if (this.#pings++ % PINGS_PER_CHECK === 0) this.#check(session);
        }
      }
    }
    for (const stop of unwatch) stop();
    for (const session of this.#all) session.end(1001, "the Console is shutting down");
  }

  /** Tells whom it concerns; with room for all, and nobody told of none, that is no one. */
  #regrant(): void {
    if (!this.#someWait && this.ingest.isRoomy) return;
    this.#someWait = false;
    const { bulk, backlog } = this.#turns;
    let left = this.#isLarge ? Math.min(bulk.roomBytes, backlog.roomBytes) / EVENT_BYTES : Infinity;
    for (const session of this.#all) {
      // All at once would bring more than may wait: the others have their turn at the next tick.
      if (left <= 0) this.#someWait = true;
      left -= session.regrant(left > 0);
    }
  }

  #check(session: StreamSession): void {
    session.recheck().catch((error: unknown) => {
      const refused =
        error instanceof AppError && ["invalid_sensor_trust", "sensor_revoked", "forbidden"].includes(error.code);
      if (refused) session.end(1008, (error as AppError).code);
    });
  }
}
