import type { Clock } from "../../core/clock.ts";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { EventsResponse } from "../../core/wire/events.ts";
import { HeartbeatResponse, type Heartbeat } from "../../core/wire/heartbeat.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import type { InventoryTaker, PreparedSockets } from "../inventory/inventory.ts";
import type { SensorClient } from "./client.ts";
import { jitter, type Dice } from "./jitter.ts";
import { packBatch, toEventsBatch, type BatchLane } from "./codec.ts";
import type { LaneBatch } from "./lane-sender.ts";
import type { Outbox } from "./outbox.ts";
import { DISTRUST_RETRY_MS, type Trust } from "./trust.ts";
import { untilSettled } from "./until-settled.ts";

const heartbeatResponse = compile(HeartbeatResponse);
const eventsResponse = compile(EventsResponse);
/** Well under the limit of 4 MB after compression, whatever it makes of it. */
const BATCH_BYTES = 3 * 1024 * 1024;
const BATCH_EVENTS = 5_000;
/** What rarely changes goes again at once when the Console misses it, but not time after time while it waits for something else. */
const FULL_AGAIN_MS = 10 * 60_000;

const laneOf = ({ sender }: LaneBatch): BatchLane => ({
  epoch: sender.epoch,
  lane: sender.name,
  baseSeq: sender.lane.spool.baseSeq,
});

export interface HeartbeatOptions {
  readonly client: SensorClient;
  readonly outbox: Outbox;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  /** The state to carry; `full` asks for what rarely changes too. */
  readonly collect: (full: boolean) => Promise<Omit<Heartbeat, "batch">>;
  /** Connections, listening services and flows that changed: they go along in the rhythm of inventories. */
  readonly sockets: Pick<InventoryTaker, "prepareSockets" | "arrived" | "failed">;
  /** The way by the open stream; answers undefined when the heartbeat has to be posted. */
  readonly stream?: {
    /** Resolves once it is known whether there is a stream. */
    settled(): Promise<void>;
    /** How long events are to be gathered. */
    pace(tickMs: number | undefined): void;
    heartbeat(body: Heartbeat): Promise<HeartbeatResponse | undefined>;
  };
  /** The Console has nothing of this sensor and wants all. */
  readonly onWantFull: () => void;
  /** How long the Console wishes between two inventories; told with each answer. */
  readonly onInventoryPace: (secs: number | undefined) => void;
  readonly dice?: Dice;
}

/** Carries the sensor's state to the Console, and its events while the stream is down. */
export class HeartbeatLoop implements Service {
  readonly name = "heartbeat";
  readonly #o: HeartbeatOptions;
  readonly #log: Log;
  #intervalMs: number;
  #full = true;
  #fullMs = -Infinity;
  #now = new AbortController();
  /** From when on the next one carries sockets; not the first one, whose answer says how often a fleet of this size may. */
  #socketsMs = Infinity;
  /** Heartbeats that did not reach the Console. */
  failures = 0;
  /** Heartbeats that did. */
  sent = 0;
  /** Console's clock minus ours at the last answer; undefined before it. */
  clockSkewMs: number | undefined;

  constructor(options: HeartbeatOptions) {
    this.#o = options;
    this.#log = options.log.child("heartbeat");
    this.#intervalMs = options.intervalMs;
  }

  /** Sends the next heartbeat at once. */
  hurry(): void {
    this.#now.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    let failing = false;
    while (!signal.aborted) {
      this.#now = new AbortController();
      const startedMs = clock.monotonicMs();
      let waitMs = this.#intervalMs;
      try {
        await this.#beat(signal);
        if (failing) this.#log.info("the Console answers again");
        failing = false;
        await this.#drain(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.failures++;
        const distrusted = await this.#o.trust.refused(error);
        if (!failing && !distrusted)
          this.#log.warn("the heartbeat did not get through; events stay in the spool", { error });
        failing = true;
        const retryMs = error instanceof AppError ? (error.retryAfterSecs ?? 0) * 1000 : 0;
        waitMs = distrusted ? DISTRUST_RETRY_MS : Math.max(waitMs, Math.min(retryMs, DISTRUST_RETRY_MS));
      }
      const leftMs = Math.max(0, startedMs + jitter(waitMs, this.#o.dice) - clock.monotonicMs());
      await clock.sleep(leftMs, AbortSignal.any([signal, this.#now.signal]));
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { outbox, collect, clock, trust, sockets } = this.#o;
    const full = this.#full;
    const state = await collect(full);
    const changed = clock.monotonicMs() >= this.#socketsMs ? await sockets.prepareSockets() : undefined;
    // Before the claim, which a stream that is being opened waits for.
    await untilSettled(this.#o.stream, clock, signal);
    // Only when the stream does not hold the spool: then nobody else sends these events now.
    using claim = outbox.claim("heartbeat");
    const batch = claim && (await outbox.take(LIMITS.heartbeatEvents, BATCH_BYTES - (changed?.sizeBytes ?? 0)));
    const body: Heartbeat = {
      ...state,
      ...changed?.inventory,
      ...(batch ? { batch: toEventsBatch(batch, laneOf(batch)) } : {}),
    };
    let answer: HeartbeatResponse;
    try {
      answer = await this.#post(body, changed, claim ? AbortSignal.any([signal, claim.wanted]) : signal);
    } catch (error) {
      // Not a failure: a stream is there, which carries the events again and the next heartbeat too.
      if (claim?.wanted.aborted && !signal.aborted) return this.hurry();
      throw error;
    }
    this.#planSockets(answer.inventory_interval_secs, changed !== undefined);
    this.sent++;
    this.#full = false;
    if (full) this.#fullMs = clock.monotonicMs();
    this.#intervalMs = Math.min(Math.max(answer.heartbeat_interval_ms, 100), 300_000);
    this.clockSkewMs = Math.round(answer.server_time_us / 1000 - clock.nowMs());
    this.#o.stream?.pace(answer.stream_tick_ms);
    trust.seen(answer);
    if (answer.trust_health !== "revoked") await trust.confirmed();
    if (answer.want_full && !full) {
      this.#full = true;
      if (clock.monotonicMs() - this.#fullMs > FULL_AGAIN_MS) this.hurry();
    }
    if (answer.want_full) this.#o.onWantFull();
    this.#o.onInventoryPace(answer.inventory_interval_secs);
    // Last: an acknowledgement that cannot be right must not make the sensor deaf to the rest of the answer.
    if (batch) outbox.markSent(batch);
    outbox.applyRejected(answer.rejected);
    if (answer.ack && claim) outbox.applyAck(answer.ack);
  }

  /** When sockets go along again, once the Console has answered; the first time of a fleet that started together is spread. */
  #planSockets(intervalSecs: number | undefined, isSent: boolean): void {
    const nowMs = this.#o.clock.monotonicMs();
    const everyMs = (intervalSecs ?? 0) * 1000;
    if (isSent) this.#socketsMs = nowMs + everyMs;
    else if (this.#socketsMs === Infinity) this.#socketsMs = nowMs + everyMs * (this.#o.dice ?? Math.random)();
    // The fleet may have become smaller since.
    this.#socketsMs = Math.min(this.#socketsMs, nowMs + everyMs);
  }

  async #post(body: Heartbeat, changed: PreparedSockets | undefined, signal: AbortSignal): Promise<HeartbeatResponse> {
    const { client, sockets, stream } = this.#o;
    try {
      const answer =
        (await stream?.heartbeat(body)) ??
        heartbeatResponse.parse(await client.post("/sensors/heartbeat", body, signal));
      if (changed) sockets.arrived(changed);
      return answer;
    } catch (error) {
      if (changed) sockets.failed(changed);
      throw error;
    }
  }

  /** With the stream down and more waiting than a heartbeat carries: in batches, until it is done or refused. */
  async #drain(signal: AbortSignal): Promise<void> {
    const { client, outbox } = this.#o;
    using claim = outbox.claim("events");
    if (!claim) return;
    const either = AbortSignal.any([signal, claim.wanted]);
    while (!either.aborted) {
      const batch = await outbox.take(BATCH_EVENTS, BATCH_BYTES);
      if (!batch) return;
      const before = batch.sender.underWay;
      let answer: EventsResponse;
      try {
        answer = eventsResponse.parse(
          await client.postPacked("/sensors/events", packBatch(batch, laneOf(batch)), either),
        );
      } catch (error) {
        if (claim.wanted.aborted && !signal.aborted) return;
        throw error;
      }
      outbox.markSent(batch);
      outbox.applyAck(answer.ack);
      outbox.applyRejected(answer.rejected);
      if (batch.sender.underWay > before) return;
    }
  }
}
