import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Db } from "../stores/contract.ts";
import type { Scheduler } from "./service.ts";
import { removeEndedSessions } from "./store.ts";

const HOUR_MS = 3_600_000;
/** Sessions idle for longer cannot be used any more. */
const IDLE_MS = 12 * HOUR_MS;

/** Removes what nobody can use any more: sessions hold addresses and browsers of people, and end by themselves. */
export function scheduleHousekeeping(jobs: Scheduler, deps: { db: Db; clock: Clock; log: Log }): void {
  jobs.every("remove ended sessions", HOUR_MS, async ({ fence }) => {
    const nowMs = deps.clock.nowMs();
    const removed = await removeEndedSessions(deps.db, new Date(nowMs), new Date(nowMs - IDLE_MS), fence);
    if (removed > 0) deps.log.info("ended sessions removed", { removed });
  });
}
