import { Type } from "typebox";
import { EventFilter, type EventRow } from "../../core/api/events.ts";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { isUuid } from "../../core/ids.ts";
import type { Metrics } from "../../core/metrics.ts";
import { parseFilter } from "../events/filter.ts";
import type { Bus, InstanceId } from "../shared/contract.ts";
import { tellsMore, type SensorChange } from "./contract.ts";
import { Tap, type Watcher } from "./watcher.ts";

/** Taps kept for browsers at other processes. */
const MAX_TAPS = 2_000;
/** Browsers are announced anew this often, in case a message was lost. */
const ANNOUNCE_MS = 30_000;
const ROWS_PER_MESSAGE = 100;
const CHANGES_PER_MESSAGE = 1_000;
const MAX_CHANGES = 20_000;

const Id = Type.Integer({ minimum: 1 });
const Tenant = Type.String({ minLength: 36, maxLength: 36 });
const watch = compile(
  Type.Object({
    id: Id,
    tenant: Tenant,
    filter: Type.Optional(EventFilter),
    rate: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    paused: Type.Optional(Type.Boolean()),
  }),
);
const watching = compile(Type.Object({ ids: Type.Array(Id, { maxItems: MAX_TAPS }) }));
// Rows go on to browsers as they are; what is looked at here is checked here.
const Row = Type.Object({ severity: Type.Union(SEVERITIES.map((s) => Type.Literal(s))) });
const live = compile(
  Type.Object({ id: Id, rows: Type.Array(Row, { maxItems: 1_000 }), passed: Type.Integer({ minimum: 0 }) }),
);
const CHANGES = ["connected", "disconnected", "heartbeat", "enrolled", "revoked"] as const;
const sensors = compile(
  Type.Object({
    tenant: Tenant,
    changes: Type.Array(
      Type.Tuple([Type.String({ maxLength: 36 }), Type.Union(CHANGES.map((name) => Type.Literal(name)))]),
      { maxItems: CHANGES_PER_MESSAGE },
    ),
  }),
);

export interface ExchangeDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly random: () => number;
  /** Shows a change to the browsers of this process. */
  readonly show: (tenantId: string, sensorId: string, change: SensorChange) => void;
}

interface RemoteTap {
  readonly tap: Tap;
  readonly tenantId: string;
  readonly owner: InstanceId;
}

/**
 * Live views over several processes. A browser's wish is announced to the others; each filters and samples what it takes in, at
 * the browser's own rate, and sends only that: what travels is bounded by browsers, not by events.
 */
export class LiveExchange {
  readonly #deps: ExchangeDeps;
  readonly #own = new Map<number, Watcher>();
  readonly #ids = new Map<Watcher, number>();
  readonly #taps = new Map<string, RemoteTap>();
  readonly #byTenant = new Map<string, Set<Tap>>();
  readonly #changes = new Map<string, Map<string, SensorChange>>();
  readonly #refused: (by: number, labels: { what: string }) => void;
  #nextId = 1;
  #announcedMs: number;

  constructor(deps: ExchangeDeps) {
    this.#deps = deps;
    const { bus, clock, metrics } = deps;
    this.#announcedMs = clock.monotonicMs();
    this.#refused = metrics.counter(
      "telovix_console_live_exchange_dropped_total",
      "News for browsers at other processes that found no room.",
    );
    const gauge = metrics.gauge("telovix_console_live_taps", "Browsers at other processes that this one sends to.");
    metrics.onCollect(() => gauge(this.#taps.size));
    bus.subscribe("watch", (body, from) => this.#watch(watch.parse(body), from));
    bus.subscribe("unwatch", (body, from) => this.#drop(`${from} ${Number(body)}`));
    bus.subscribe("watching", (body, from) => this.#keepOnly(new Set(watching.parse(body).ids), from));
    bus.subscribe("live", (body) => {
      const { id, rows, passed } = live.parse(body);
      this.#own.get(id)?.offerRows(rows as unknown as EventRow[], passed, clock.monotonicMs());
    });
    bus.subscribe("sensors", (body) => {
      const { tenant, changes } = sensors.parse(body);
      for (const [sensorId, change] of changes) deps.show(tenant, sensorId, change);
    });
    bus.onJoined(() => this.#announceAll());
    bus.onGone((instance) => this.#keepOnly(new Set(), instance));
  }

  /** Taps of browsers elsewhere that want events of a tenant. */
  taps(tenantId: string): ReadonlySet<Tap> | undefined {
    return this.#byTenant.get(tenantId);
  }

  /** Tells the others what a browser here wants. */
  announce(watcher: Watcher): void {
    let id = this.#ids.get(watcher);
    if (id === undefined) {
      this.#ids.set(watcher, (id = this.#nextId++));
      this.#own.set(id, watcher);
    }
    const { wish, principal } = watcher;
    this.#deps.bus.publish("watch", { id, tenant: principal.tenantId, ...wish });
  }

  withdraw(watcher: Watcher): void {
    const id = this.#ids.get(watcher);
    if (id === undefined) return;
    this.#ids.delete(watcher);
    this.#own.delete(id);
    this.#deps.bus.publish("unwatch", id);
  }

  /** Notes a change for the browsers elsewhere that see this tenant. */
  changed(tenantId: string, sensorId: string, change: SensorChange): void {
    if (!this.#byTenant.has(tenantId)) return;
    const waiting = this.#changes.get(tenantId) ?? new Map<string, SensorChange>();
    this.#changes.set(tenantId, waiting);
    if (!tellsMore(change, waiting.get(sensorId))) return;
    if (waiting.size >= MAX_CHANGES) return this.#refused(1, { what: "change" });
    waiting.set(sensorId, change);
  }

  /** Sends what waits for browsers elsewhere. */
  flush(): void {
    const { bus, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const { tap } of this.#taps.values()) tap.flush(nowMs);
    for (const [tenant, changes] of this.#changes) {
      const list = [...changes];
      for (let i = 0; i < list.length; i += CHANGES_PER_MESSAGE)
        bus.publish("sensors", { tenant, changes: list.slice(i, i + CHANGES_PER_MESSAGE) });
    }
    this.#changes.clear();
    if (nowMs - this.#announcedMs >= ANNOUNCE_MS) this.#announceAll();
  }

  #announceAll(): void {
    this.#announcedMs = this.#deps.clock.monotonicMs();
    for (const watcher of this.#own.values()) this.announce(watcher);
    this.#deps.bus.publish("watching", { ids: [...this.#own.keys()] });
  }

  #watch({ id, tenant, filter, rate, paused }: ReturnType<typeof watch.parse>, owner: InstanceId): void {
    if (!isUuid(tenant)) return;
    const key = `${owner} ${id}`;
    const known = this.#taps.get(key);
    if (!known && this.#taps.size >= MAX_TAPS) return this.#refused(1, { what: "browser" });
    const tap = known?.tap ?? this.#tap(id, owner);
    if (filter && rate !== undefined) tap.subscribe(parseFilter(filter), rate);
    if (paused) tap.pause();
    if (known) return;
    this.#taps.set(key, { tap, tenantId: tenant, owner });
    this.#byTenant.set(tenant, (this.#byTenant.get(tenant) ?? new Set()).add(tap));
  }

  #tap(id: number, owner: InstanceId): Tap {
    const { bus, clock, random } = this.#deps;
    const sink = {
      send: (frame: Parameters<Tap["sink"]["send"]>[0]): boolean => {
        if (frame.type !== "events") return true;
        for (let i = 0; i === 0 || i < frame.events.length; i += ROWS_PER_MESSAGE) {
          const rows = frame.events.slice(i, i + ROWS_PER_MESSAGE);
          bus.publish("live", { id, rows, passed: i === 0 ? frame.sampled_out : 0 }, owner);
        }
        return true;
      },
    };
    return new Tap(sink, random, clock.monotonicMs());
  }

  #keepOnly(ids: ReadonlySet<number>, owner: InstanceId): void {
    for (const [key, remote] of this.#taps)
      if (remote.owner === owner && !ids.has(Number(key.slice(owner.length + 1)))) this.#drop(key);
  }

  #drop(key: string): void {
    const remote = this.#taps.get(key);
    if (!remote) return;
    this.#taps.delete(key);
    const taps = this.#byTenant.get(remote.tenantId);
    taps?.delete(remote.tap);
    if (taps?.size === 0) this.#byTenant.delete(remote.tenantId);
  }
}
