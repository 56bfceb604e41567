import type { EventRow, LiveDown } from "../../core/api/events.ts";
import type { Severity } from "../../core/event/severity.ts";
import { matches, type Matchable } from "../events/filter-match.ts";
import type { Condition } from "../events/filter.ts";
import type { Principal } from "../http/env.ts";
import type { SensorChange } from "./contract.ts";
import { Sample } from "./sample.ts";

/** The browser's end of a socket. */
export interface LiveSink {
  /** False when it takes nothing more until `drained`; nothing is sent to it until then. */
  send(frame: LiveDown): boolean;
  close(code: number, reason: string): void;
}

/** An event on its way to browsers: its row is made at most once, whoever wants it. */
export interface LiveEvent extends Matchable {
  readonly severity: Severity;
  readonly row: EventRow;
}

export const DEFAULT_RATE = 100;
const MAX_CHANGES = 20_000;
const CHANGES_PER_FLUSH = 250;

/** One browser: its filter, its rate, and what waits for it. Everything it holds is bounded. */
export class Watcher {
  readonly principal: Principal;
  readonly sink: LiveSink;
  readonly #sample: Sample<LiveEvent>;
  readonly #changes = new Map<string, SensorChange>();
  #conditions: readonly Condition[] | undefined;
  #rate = DEFAULT_RATE;
  #tokens = DEFAULT_RATE;
  #refilledMs: number;
  #paused = false;
  #blocked = false;

  constructor(principal: Principal, sink: LiveSink, random: () => number, nowMs: number) {
    this.principal = principal;
    this.sink = sink;
    this.#sample = new Sample(random);
    this.#refilledMs = nowMs;
  }

  /** Replaces filter and rate (events a second). What waited under another filter is let go: it is not asked for any more. */
  subscribe(conditions: readonly Condition[], rate: number): void {
    if (JSON.stringify(conditions) !== JSON.stringify(this.#conditions)) this.#sample.take();
    this.#conditions = conditions;
    this.#rate = rate;
    this.#tokens = Math.min(this.#tokens, rate);
    this.#paused = false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  drained(): void {
    this.#blocked = false;
  }

  offer(event: LiveEvent, nowMs: number): void {
    if (!this.#conditions || !matches(this.#conditions, event)) return;
    if (this.#paused) return this.#sample.pass(1);
    this.#refill(nowMs);
    this.#sample.offer(event, event.severity, Math.max(1, Math.floor(this.#tokens)));
  }

  changed(sensorId: string, change: SensorChange): void {
    const waiting = this.#changes.get(sensorId);
    // A heartbeat says less than what already waits.
    if (waiting !== undefined && change === "heartbeat") return;
    if (waiting === undefined && this.#changes.size >= MAX_CHANGES) return;
    this.#changes.set(sensorId, change);
  }

  /** Sends what waits, as far as rate and socket allow. Returns how many events were sent and passed over. */
  flush(nowMs: number): { sent: number; passedOver: number } {
    const nothing = { sent: 0, passedOver: 0 };
    if (this.#blocked) return nothing;
    let left = CHANGES_PER_FLUSH;
    for (const [sensorId, change] of this.#changes) {
      if (left-- === 0) break;
      this.#changes.delete(sensorId);
      if (!this.#send({ type: "sensor", sensor_id: sensorId, change })) return nothing;
    }
    this.#refill(nowMs);
    if (this.#paused || (this.#sample.size === 0 && this.#sample.passedOver === 0) || this.#tokens < 1) return nothing;
    const { values, passedOver } = this.#sample.take();
    this.#tokens -= values.length;
    this.#send({ type: "events", events: values.map((event) => event.row), sampled_out: passedOver });
    return { sent: values.length, passedOver };
  }

  #send(frame: LiveDown): boolean {
    if (!this.sink.send(frame)) this.#blocked = true;
    return !this.#blocked;
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#rate, this.#tokens + ((nowMs - this.#refilledMs) * this.#rate) / 1000);
    this.#refilledMs = nowMs;
  }
}
