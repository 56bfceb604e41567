import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Bus, Envelope, InstanceId, Link } from "./contract.ts";

const ALIVE_MS = 5_000;
/** Three signs of life missed. */
const SILENT_MS = 16_000;
const MAX_INSTANCES = 256;
/** Several may come at once: what is announced is announced for all of them. */
const TICK_MS = 200;

const Instance = Type.String({ pattern: "^[a-z0-9]{1,32}/[0-9]{1,3}$" });
const envelope = compile(
  Type.Object({
    from: Instance,
    to: Type.Optional(Instance),
    topic: Type.String({ pattern: "^[a-z-]{1,32}$" }),
    body: Type.Unknown(),
  }),
);

/** Reads a message of another process; undefined when it is none. */
export function readEnvelope(value: unknown): Envelope | undefined {
  return envelope.is(value) ? value : undefined;
}

/** Help of the metric both kinds of links count in. */
export const DROPPED = "Messages between Console processes that were dropped.";

const replicaOf = (instance: InstanceId): string => instance.slice(0, instance.indexOf("/"));

/** The bus of one process. A parent has several links and passes on between them; a worker has one; a lone process none. */
export class MessageBus implements Bus, Service {
  readonly name = "message bus";
  readonly self: InstanceId;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #links = new Set<Link>();
  readonly #topics = new Map<string, ((body: unknown, from: InstanceId) => void)[]>();
  readonly #announcers: (() => void)[] = [];
  readonly #forgetters: ((instance: InstanceId) => void)[] = [];
  /** When each was last heard of, and over which link. */
  readonly #heard = new Map<InstanceId, { atMs: number; link: Link }>();
  readonly #count: (by: number, labels: { direction: string }) => void;
  /** Counts a message that a link to a process of this host had no room for. */
  readonly dropped: () => void;
  #due = false;

  constructor(deps: { self: InstanceId; clock: Clock; log: Log; metrics: Metrics }) {
    this.self = deps.self;
    this.#clock = deps.clock;
    this.#log = deps.log.child("bus");
    this.#count = deps.metrics.counter("telovix_console_bus_messages_total", "Messages between Console processes.");
    const dropped = deps.metrics.counter("telovix_console_bus_dropped_total", DROPPED);
    this.dropped = () => dropped(1, { link: "worker" });
    const others = deps.metrics.gauge("telovix_console_bus_instances", "Other Console processes that are heard.");
    deps.metrics.onCollect(() => others(this.#heard.size));
  }

  get shared(): boolean {
    return this.#links.size > 0;
  }

  /** Other processes that are heard. */
  get others(): InstanceId[] {
    return [...this.#heard.keys()];
  }

  /** Begins to use a link, and says over it that somebody is there. */
  attach(link: Link): void {
    this.#links.add(link);
    link.send({ from: this.self, topic: "join", body: null });
    this.#soon();
  }

  /** Whoever was heard over the link only counts as gone, unless they are heard otherwise soon. */
  detach(link: Link): void {
    this.#links.delete(link);
    for (const [instance, heard] of this.#heard) {
      if (heard.link !== link) continue;
      this.#lose(instance);
      this.publish("gone", instance);
    }
  }

  publish(topic: string, body: unknown, to?: InstanceId): void {
    if (this.#links.size === 0) return;
    this.#count(1, { direction: "out" });
    this.#route({ from: this.self, topic, body, ...(to === undefined ? {} : { to }) }, undefined);
  }

  subscribe(topic: string, take: (body: unknown, from: InstanceId) => void): void {
    this.#topics.set(topic, [...(this.#topics.get(topic) ?? []), take]);
  }

  onJoined(announce: () => void): void {
    this.#announcers.push(announce);
  }

  onGone(forget: (instance: InstanceId) => void): void {
    this.#forgetters.push(forget);
  }

  /** Takes what came over a link. */
  receive(message: Envelope, link: Link): void {
    const { from, to, topic, body } = message;
    if (from === this.self) return;
    this.#count(1, { direction: "in" });
    if (topic === "gone" ? !this.#departed(body, link) : !this.#noted(from, link)) return;
    if (to === undefined || to !== this.self) this.#route(message, link);
    if (to !== undefined && to !== this.self) return;
    if (topic === "join") this.#soon();
    for (const take of this.#topics.get(topic) ?? [])
      try {
        take(body, from);
      } catch (error) {
        this.#log.warn("a message of another process was not understood", { topic, from, error: errorMessage(error) });
      }
  }

  async run(signal: AbortSignal): Promise<void> {
    let aliveMs = this.#clock.monotonicMs();
    while (!signal.aborted) {
      await this.#clock.sleep(TICK_MS, signal);
      if (this.#due) {
        this.#due = false;
        aliveMs = -Infinity;
        for (const announce of this.#announcers) announce();
      }
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - aliveMs >= ALIVE_MS) {
        aliveMs = nowMs;
        this.publish("alive", null);
      }
      for (const [instance, { atMs }] of this.#heard) if (nowMs - atMs > SILENT_MS) this.#lose(instance);
    }
    this.publish("gone", this.self);
  }

  #soon(): void {
    this.#due = true;
  }

  #noted(from: InstanceId, link: Link): boolean {
    const known = this.#heard.get(from);
    if (!known && this.#heard.size >= MAX_INSTANCES) return false;
    this.#heard.set(from, { atMs: this.#clock.monotonicMs(), link });
    if (!known) this.#soon();
    return true;
  }

  #departed(body: unknown, link: Link): boolean {
    if (typeof body !== "string") return false;
    if (this.#heard.get(body)?.link === link) this.#lose(body);
    return true;
  }

  #lose(instance: InstanceId): void {
    if (!this.#heard.delete(instance)) return;
    this.#log.debug("another process is gone", { instance });
    for (const forget of this.#forgetters) forget(instance);
  }

  /** A message for one goes where that one was heard; others go everywhere but back. */
  #route(message: Envelope, from: Link | undefined): void {
    const { to } = message;
    const target = to === undefined ? undefined : this.#heard.get(to)?.link;
    if (target) {
      if (target !== from) target.send(message);
      return;
    }
    if (to !== undefined && replicaOf(to) === replicaOf(this.self) && from) return;
    for (const link of this.#links) if (link !== from) link.send(message);
  }
}
