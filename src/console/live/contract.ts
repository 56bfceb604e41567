import type { StoredEvent } from "../stores/runtime-event-row.ts";

export type SensorChange = "connected" | "disconnected" | "heartbeat" | "enrolled" | "revoked";

/** Where durable events and changes of sensors are shown as they happen. Both return at once; a slow watcher loses, counted. */
export interface LiveHub {
  offer(tenantId: string, events: readonly StoredEvent[]): void;
  sensorChanged(tenantId: string, sensorId: string, change: SensorChange): void;
}
