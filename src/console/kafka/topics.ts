/** Tables whose rows go by the queue, and the topic of each. Messages are rows as JSON, one a line, keyed by their sensor. */
export const QUEUED = {
  runtime_events: "telovix.runtime_events",
  event_losses: "telovix.event_losses",
} as const;
export type QueuedTable = keyof typeof QUEUED;

export const QUEUED_TABLES = Object.keys(QUEUED) as QueuedTable[];

export function isQueued(table: string): table is QueuedTable {
  return Object.hasOwn(QUEUED, table);
}

/** Readers of one group share the partitions; more of them than Consoles and stores ever read side by side. */
export const PARTITIONS = 12;
