import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { SEVERITIES, severityRank, type Severity } from "../../core/event/severity.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import { matchable, type Matchable } from "../events/filter-match.ts";
import { liveEventRow } from "../events/row.ts";
import type { Principal } from "../http/env.ts";
import type { Bus } from "../shared/contract.ts";
import type { StoredEvent } from "../stores/runtime-event-row.ts";
import type { LiveHub, SensorChange } from "./contract.ts";
import { LiveExchange } from "./exchange.ts";
import { Watcher, type LiveEvent, type LiveSink, type Tap } from "./watcher.ts";

export const MAX_PER_USER = 8;
const MAX_WATCHERS = 500;
const FLUSH_MS = 250;
/** Sockets outlive their request: this often it is asked whether their session still lives. */
const RECHECK_MS = 15_000;

/** Close code of a socket whose session has ended. */
const CLOSE_SESSION_ENDED = 4401;

/** The hub with its browser side; `run` sends what waits four times a second. */
export interface RunningHub extends LiveHub, Service {
  /** Adds a browser. AppError `rate_limited` when the person or the Console has too many. */
  join(principal: Principal, sink: LiveSink): Watcher;
  leave(watcher: Watcher): void;
  /** Closes the sockets of a session that has ended. */
  endSession(sessionHash: string): void;
  /** Sends what waits; called by `run`. */
  flush(): void;
}

/** `find` gives the object, which is made for who looks at more than the severity. */
function liveEvent(severity: Severity, find: () => StoredEvent): LiveEvent {
  let row: LiveEvent["row"] | undefined;
  let base: Matchable | undefined;
  const found = (): Matchable => (base ??= matchable(find()));
  return {
    severity,
    get stored() {
      return found().stored;
    },
    get search() {
      return found().search;
    },
    get row() {
      return (row ??= liveEventRow(found().stored));
    },
  };
}

/**
 * Shows durable events and changes of sensors to browsers of the same tenant, with a bus to those at other processes too. A slow
 * browser loses events, counted; ingest never waits.
 */
export function createLiveHub(deps: {
  sessions: { isAlive(sessionHash: string): Promise<boolean> };
  bus?: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  random?: () => number;
}): RunningHub {
  const { clock, metrics } = deps;
  const log = deps.log.child("live");
  const random = deps.random ?? Math.random;
  const tenants = new Map<string, Set<Watcher>>();
  const sent = metrics.counter("telovix_console_live_events_total", "Events sent to browsers, once for each.");
  const passed = metrics.counter(
    "telovix_console_live_sampled_out_total",
    "Events browsers were told of only by number.",
  );
  const gauge = metrics.gauge("telovix_console_live_watchers", "Browsers that watch.");
  const all = (): Watcher[] => [...tenants.values()].flatMap((watchers) => [...watchers]);
  metrics.onCollect(() => gauge(all().length));

  const recheck = async (): Promise<void> => {
    for (const [hash, watchers] of Map.groupBy(all(), (watcher) => watcher.principal.sessionHash)) {
      try {
        if (await deps.sessions.isAlive(hash)) continue;
      } catch (error) {
        // While the store is away nobody is thrown out.
        log.warn("could not check sessions of live sockets", { error });
        return;
      }
      for (const watcher of watchers) watcher.sink.close(CLOSE_SESSION_ENDED, "the session has ended");
    }
  };

  const show = (tenantId: string, sensorId: string, change: SensorChange): void => {
    for (const watcher of tenants.get(tenantId) ?? []) watcher.changed(sensorId, change);
  };
  const exchange = deps.bus && new LiveExchange({ bus: deps.bus, clock, metrics, random, show });

  const hub: RunningHub = {
    name: "live hub",
    offer(tenantId, events, ranks) {
      const watchers = tenants.get(tenantId);
      const remote = exchange?.taps(tenantId);
      if (!watchers && !remote) return;
      const taps: Tap[] = [...(watchers ?? []), ...(remote ?? [])];
      const wanted = taps.reduce((bits, tap) => bits | tap.ranks, 0);
      if (wanted === 0) return;
      const nowMs = clock.monotonicMs();
      let made: readonly StoredEvent[] | undefined;
      const all = (): readonly StoredEvent[] => (made ??= events());
      const count = ranks?.length ?? all().length;
      for (let i = 0; i < count; i++) {
        const severity = ranks ? SEVERITIES[ranks[i]!]! : all()[i]!.event.severity;
        if (((wanted >> severityRank(severity)) & 1) === 0) continue;
        const event = liveEvent(severity, () => all()[i]!);
        for (const tap of taps) tap.offer(event, nowMs);
      }
    },
    sensorChanged(tenantId, sensorId, change) {
      show(tenantId, sensorId, change);
      exchange?.changed(tenantId, sensorId, change);
    },
    join(principal, sink) {
      const present = all();
      const own = present.filter((watcher) => watcher.principal.userId === principal.userId).length;
      if (own >= MAX_PER_USER || present.length >= MAX_WATCHERS)
        throw new AppError("rate_limited", "Too many live views are open.", {
          hint: own >= MAX_PER_USER ? `Close one of your ${own} others.` : "Try again later.",
          retryAfterSecs: 10,
        });
      const watcher = new Watcher(principal, sink, random, clock.monotonicMs(), (w) => exchange?.announce(w));
      const watchers = tenants.get(principal.tenantId) ?? new Set();
      tenants.set(principal.tenantId, watchers.add(watcher));
      exchange?.announce(watcher);
      return watcher;
    },
    leave(watcher) {
      const watchers = tenants.get(watcher.principal.tenantId);
      watchers?.delete(watcher);
      exchange?.withdraw(watcher);
      if (watchers?.size === 0) tenants.delete(watcher.principal.tenantId);
    },
    endSession(sessionHash) {
      for (const watcher of all())
        if (watcher.principal.sessionHash === sessionHash)
          watcher.sink.close(CLOSE_SESSION_ENDED, "the session has ended");
    },
    flush() {
      exchange?.flush();
      for (const watcher of all()) {
        const counts = watcher.flush(clock.monotonicMs());
        if (counts.sent > 0) sent(counts.sent);
        if (counts.passedOver > 0) passed(counts.passedOver);
      }
    },
    async run(signal) {
      let checkedMs = clock.monotonicMs();
      while (!signal.aborted) {
        await clock.sleep(FLUSH_MS, signal);
        hub.flush();
        if (clock.monotonicMs() - checkedMs < RECHECK_MS) continue;
        checkedMs = clock.monotonicMs();
        await recheck();
      }
    },
  };
  return hub;
}
