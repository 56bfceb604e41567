import type { DiskState } from "../../core/api/settings.ts";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { ConsoleConfig } from "../config.ts";
import type { Dependency } from "../http/readiness.ts";
import type { Db, EventAdmin, EventDb } from "../stores/contract.ts";
import { Ballast } from "./ballast.ts";
import { InsertGuard } from "./guard.ts";
import { Reserve } from "./reserve.ts";
import { createDiskStore, type DiskStore } from "./store.ts";
import { diskFault, DISK_LIMITS, DiskWatch } from "./watch.ts";

const DAY_MS = 86_400_000;
/** At the ballast; the first minute has better to do. */
const LOOK_MS = 60_000;

export interface DiskDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly events: EventDb;
  readonly admin: EventAdmin | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** True in the one process of this host that keeps reserve and ballast, and lets old events go. */
  readonly owner: boolean;
}

/** The disk, watched; and the way to the event store that closes when it is full. */
export interface Disk {
  /** In the order to start them. */
  readonly services: readonly Service[];
  readonly state: () => DiskState | undefined;
  readonly guard: InsertGuard;
  readonly dependency: Dependency;
}

/** Watches the data directory's disk and makes of its level what the rest of the Console has to do. */
export function createDisk(deps: DiskDeps): Disk {
  const { config, clock, metrics } = deps;
  const log = deps.log.child("disk");
  const limits = {
    ...DISK_LIMITS,
    ...(config.diskWarnPercent === undefined ? {} : { nearlyFullPercent: config.diskWarnPercent }),
  };
  const embedded = config.postgresUrl === undefined || config.clickhouseUrl === undefined;
  const ballast = embedded ? new Ballast(config.dataDir, log) : undefined;
  const watch = new DiskWatch({ dir: config.dataDir, limits, ballast, clock, log: deps.log, metrics });
  const guard = new InsertGuard(() => watch.noteNoSpace());
  const reserve = new Reserve(config.dataDir, log);
  // With events elsewhere a full disk here is no reason to leave them with the sensors.
  const holdsEvents = config.clickhouseUrl === undefined;
  const store =
    deps.owner && deps.admin ? createDiskStore({ db: deps.db, events: deps.events, admin: deps.admin }) : undefined;
  watch.listen({
    async changed(state) {
      const full = state.level === "full";
      if (holdsEvents) guard.set(full ? diskFault(state) : undefined);
      if (!deps.owner) return;
      if (!full) return;
      if (await reserve.release())
        log.warn("the reserve was given up so that the state can still be written", { path: reserve.path });
      if (store && holdsEvents && config.diskDropOlderThanDays !== undefined)
        await dropOldest(store, clock.nowMs(), config.diskDropOlderThanDays, log);
    },
  });
  return {
    services: [
      watch,
      ...(deps.owner ? [keepReserve(reserve, watch, clock, log)] : []),
      ...(deps.owner && ballast ? [keepBallast(ballast, watch, clock)] : []),
    ],
    state: () => watch.state,
    guard,
    dependency: { name: "disk", ping: () => watch.assertSpace(), action: "Free some space on it.", optional: true },
  };
}

/** Fills the reserve again while there is plenty of space; not in the first minute, which has better to do. */
function keepReserve(reserve: Reserve, watch: DiskWatch, clock: Clock, log: Log): Service {
  return {
    name: "disk reserve",
    async run(signal) {
      for (let waitMs = 60_000; !signal.aborted; waitMs = 600_000) {
        await clock.sleep(waitMs, signal);
        if (signal.aborted || watch.state?.level !== "well") continue;
        await reserve
          .fill()
          .catch((error: unknown) => log.warn("no space could be kept in reserve", { error: errorMessage(error) }));
      }
    },
  };
}

/**
 * Lays the ballast, and again once it was given up and the disk is well. From one time to the next four times as long has to pass, a day at
 * most, until it has lain for a day: where it is the ballast that fills the disk (a quota), it is soon left alone.
 */
export function keepBallast(
  ballast: Pick<Ballast, "look" | "lay">,
  watch: Pick<DiskWatch, "state">,
  clock: Clock,
): Service {
  return {
    name: "disk ballast",
    async run(signal) {
      let [looksAgo, pause] = [Infinity, 1];
      for (;;) {
        await clock.sleep(LOOK_MS, signal);
        if (signal.aborted) return;
        looksAgo++;
        const state = await ballast.look().catch(() => undefined);
        if (!state) continue;
        if (state.bytes >= state.wanted) {
          if (looksAgo >= DAY_MS / LOOK_MS) pause = 1;
        } else if (looksAgo >= pause && watch.state?.level === "well") {
          await ballast.lay(signal);
          looksAgo = 0;
          pause = Math.min(DAY_MS / LOOK_MS, pause * 4);
        }
      }
    },
  };
}

/** One week of events at each look, the oldest first, never younger than what the operator said must stay. */
async function dropOldest(store: DiskStore, nowMs: number, keepDays: number, log: Log): Promise<void> {
  try {
    const oldest = await store.findOldest(nowMs - keepDays * DAY_MS);
    if (!oldest)
      return log.warn("the disk is full, and there are no events old enough to be dropped", { keep_days: keepDays });
    await store.drop(oldest, nowMs);
    log.warn("the oldest week of events was dropped for space", {
      from: oldest.from,
      events: oldest.rows,
      bytes: oldest.bytes,
    });
  } catch (error) {
    log.error("old events could not be dropped", { error: errorMessage(error) });
  }
}
