import type { Log } from "../../core/log.ts";
import type { LaneSet } from "../../core/spool/lane-set.ts";
import type { SensorInstance } from "../../core/wire/stream.ts";
import { findMove, keepInstance } from "./instance.ts";
import type { StatePaths } from "./paths.ts";

/** Begins new epochs when the state directory was last used elsewhere or before another boot. A disk that refuses does not stop the start. */
export async function settleMove(paths: StatePaths, instance: SensorInstance, lanes: LaneSet, log: Log): Promise<void> {
  try {
    const moved = await findMove(paths, instance);
    if (moved) log.info("another machine or boot than before: events go on under new epochs", { moved });
    if (moved) await lanes.renew(moved === "machine");
    await keepInstance(paths, instance);
  } catch (error) {
    log.error("new epochs could not be begun; it is tried again at the next start", { error });
  }
}
