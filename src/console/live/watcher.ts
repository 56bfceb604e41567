import type { EventFilter, EventRow, LiveDown } from "../../core/api/events.ts";
import { SEVERITIES, severityRank, type Severity } from "../../core/event/severity.ts";
import { matches, type Matchable } from "../events/filter-match.ts";
import type { Condition } from "../events/filter.ts";
import type { Principal } from "../http/env.ts";
import { tellsMore, type SensorChange } from "./contract.ts";
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

/** What was asked for, in words that another process understands. */
export interface Wish {
  readonly filter: EventFilter;
  /** Events a second. */
  readonly rate: number;
  readonly paused: boolean;
}

type OfSeverity = Extract<Condition, { op: "in" }>;
const isOfSeverity = (condition: Condition): condition is OfSeverity =>
  condition.op === "in" && condition.column === "severity";

/** Severities that conditions let through, a bit each. */
function ranksOf(conditions: readonly Condition[]): number {
  const asked = conditions.filter(isOfSeverity);
  return SEVERITIES.reduce(
    (bits, severity, rank) => (asked.every(({ values }) => values.includes(severity)) ? bits | (1 << rank) : bits),
    0,
  );
}

/** A filter, a rate, and what waits behind them. Everything it holds is bounded. */
export class Tap {
  readonly sink: Pick<LiveSink, "send">;
  readonly #sample: Sample<{ readonly row: EventRow }>;
  readonly #changes = new Map<string, SensorChange>();
  #conditions: readonly Condition[] | undefined;
  /** What they ask beside severities. */
  #others: readonly Condition[] = [];
  #ranks = 0;
  #rate = DEFAULT_RATE;
  #tokens = DEFAULT_RATE;
  #refilledMs: number;
  #paused = false;
  #blocked = false;

  constructor(sink: Pick<LiveSink, "send">, random: () => number, nowMs: number) {
    this.sink = sink;
    this.#sample = new Sample(random);
    this.#refilledMs = nowMs;
  }

  /** Replaces filter and rate (events a second). What waited under another filter is let go: it is not asked for any more. */
  subscribe(conditions: readonly Condition[], rate: number): void {
    if (JSON.stringify(conditions) !== JSON.stringify(this.#conditions)) this.#sample.take();
    this.#conditions = conditions;
    this.#others = conditions.filter((condition) => !isOfSeverity(condition));
    this.#ranks = ranksOf(conditions);
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

  /** Severities it may want to see, a bit each: what is not among them need not be offered. */
  get ranks(): number {
    return this.#ranks;
  }

  offer(event: LiveEvent, nowMs: number): void {
    if (((this.#ranks >> severityRank(event.severity)) & 1) === 0 || !matches(this.#others, event)) return;
    if (this.#paused) return this.#sample.pass(1);
    this.#refill(nowMs);
    this.#sample.offer(() => ({ row: event.row }), event.severity, Math.max(1, Math.floor(this.#tokens)));
  }

  changed(sensorId: string, change: SensorChange): void {
    const waiting = this.#changes.get(sensorId);
    if (!tellsMore(change, waiting)) return;
    if (waiting === undefined && this.#changes.size >= MAX_CHANGES) return;
    this.#changes.set(sensorId, change);
  }

  /** Takes what the tap of the same filter let through at another process. */
  offerRows(rows: readonly EventRow[], passedOver: number, nowMs: number): void {
    if (!this.#conditions) return;
    this.#sample.pass(passedOver + (this.#paused ? rows.length : 0));
    if (this.#paused) return;
    this.#refill(nowMs);
    for (const row of rows) this.#sample.offer(() => ({ row }), row.severity, Math.max(1, Math.floor(this.#tokens)));
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

/** One browser: a tap, the person behind it, and what it asked for. */
export class Watcher extends Tap {
  readonly principal: Principal;
  override readonly sink: LiveSink;
  readonly #changed: (watcher: Watcher) => void;
  #wish: Wish | undefined;

  /** `changed` is called whenever the wish is another. */
  constructor(
    principal: Principal,
    sink: LiveSink,
    random: () => number,
    nowMs: number,
    changed: (watcher: Watcher) => void,
  ) {
    super(sink, random, nowMs);
    this.principal = principal;
    this.sink = sink;
    this.#changed = changed;
  }

  /** Undefined while only news of sensors are wanted. */
  get wish(): Wish | undefined {
    return this.#wish;
  }

  override subscribe(conditions: readonly Condition[], rate: number, filter?: EventFilter): void {
    super.subscribe(conditions, rate);
    this.#set(filter && { filter, rate, paused: false });
  }

  override pause(): void {
    super.pause();
    this.#set(this.#wish && { ...this.#wish, paused: true });
  }

  override resume(): void {
    super.resume();
    this.#set(this.#wish && { ...this.#wish, paused: false });
  }

  #set(wish: Wish | undefined): void {
    this.#wish = wish;
    this.#changed(this);
  }
}
