import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { scheduleHousekeeping } from "../jobs/housekeeping.ts";
import { Jobs } from "../jobs/service.ts";
import type { LiveHub } from "../live/contract.ts";
import { createLiveHub, type RunningHub } from "../live/hub.ts";
import type { Bus } from "../shared/contract.ts";
import { Presence } from "../shared/presence.ts";
import type { Db } from "../stores/contract.ts";
import type { Sessions } from "../users/sessions.ts";

export interface JoinedDeps {
  readonly db: Db;
  readonly bus: Bus;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What works alike whether a Console is one process or many. */
export interface Joined {
  /** Tells every process when a session is ended. */
  readonly sessions: Sessions;
  readonly hub: RunningHub;
  /** The hub as sensors' streams see it: which of them are connected is known everywhere. */
  readonly streamHub: LiveHub;
  readonly presence: Presence;
  readonly jobs: Jobs;
}

/** Makes the parts of a Console that join its processes. */
export function createJoined(deps: JoinedDeps): Joined {
  const { db, bus, clock, log, metrics } = deps;
  const hub = createLiveHub({ sessions: deps.sessions, bus, clock, log, metrics });
  bus.subscribe("session-ended", (hash) => {
    if (typeof hash === "string") hub.endSession(hash);
  });
  const sessions: Sessions = {
    ...deps.sessions,
    async end(tenantId, sessionHash) {
      await deps.sessions.end(tenantId, sessionHash);
      hub.endSession(sessionHash);
      bus.publish("session-ended", sessionHash);
    },
  };
  const presence = new Presence({ bus, clock });
  const streamHub: LiveHub = {
    offer: (tenantId, events, ranks) => hub.offer(tenantId, events, ranks),
    sensorChanged(tenantId, sensorId, change) {
      if (change === "connected") presence.connected(sensorId);
      if (change === "disconnected") {
        presence.disconnected(sensorId);
        // Its stream here was an old one: it has come to another process meanwhile.
        if (presence.has(sensorId)) return;
      }
      hub.sensorChanged(tenantId, sensorId, change);
    },
  };
  const jobs = new Jobs({ db, holder: bus.self, clock, log, metrics });
  scheduleHousekeeping(jobs, { db, clock, log: log.child("jobs") });
  return { sessions, hub, streamHub, presence, jobs };
}
