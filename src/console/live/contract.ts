import type { StoredEvent } from "../stores/runtime-event-row.ts";

export type SensorChange = "connected" | "disconnected" | "heartbeat" | "enrolled" | "revoked";

/** How much a change says: of several at once a browser is told the one that says most, or the last of those. */
const SAYS: Readonly<Record<SensorChange, number>> = {
  heartbeat: 0,
  // Nothing happens to a sensor before it, but processes tell of it in any order.
  enrolled: 1,
  connected: 2,
  disconnected: 2,
  revoked: 3,
};

/** True when a change still has to be told although another one of the same sensor waits. */
export function tellsMore(change: SensorChange, waiting: SensorChange | undefined): boolean {
  return waiting === undefined || SAYS[change] >= SAYS[waiting];
}

/** Where durable events and changes of sensors are shown as they happen. Both return at once; a slow watcher loses, counted. */
export interface LiveHub {
  /**
   * `events` gives them as objects; it is only asked when somebody wants to see one. `ranks` are their severities, where those are known
   * without.
   */
  offer(tenantId: string, events: () => readonly StoredEvent[], ranks?: Uint8Array): void;
  sensorChanged(tenantId: string, sensorId: string, change: SensorChange): void;
}
