import type { Entry } from "./commit.ts";
import type { Lane } from "./lanes.ts";
import type { CursorUpdate } from "./store.ts";

/** How far the lanes of a stored group are durable with it; lanes of which something before it failed are left out. */
export function reachedBy(group: readonly Entry[]): CursorUpdate[] {
  const reached = new Map<Lane, CursorUpdate>();
  for (const { lane, lastSeq } of group) {
    const { tenantId, sensorId, epoch, durableSeq, stale } = lane;
    const seq = Math.max(durableSeq, lastSeq, reached.get(lane)?.seq ?? 0);
    if (!stale) reached.set(lane, { tenantId, sensorId, epoch, seq });
  }
  return [...reached.values()];
}
