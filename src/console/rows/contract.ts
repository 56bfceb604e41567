import type { RuntimeEventRow, StoredEvent } from "../stores/runtime-event-row.ts";

/** Events of one sensor on their way to the store, in the order of their numbers. */
export interface EventRows {
  readonly count: number;
  /** Memory they hold, about. */
  readonly bytes: number;
  seqAt(index: number): number;
  /** Microseconds since 1970. */
  observedUsAt(index: number): number;
  /** Leaf of the hash chain, 32 bytes; `prefix` is the sequence's (`leafPrefix`). */
  leafAt(index: number, prefix: string): Uint8Array;
  /** Severities, as `SEVERITIES` counts them, where they are known without objects. */
  readonly ranks?: Uint8Array;
  /** As objects; made anew at each call where they are not kept. */
  stored(): readonly StoredEvent[];
  rows(): readonly RuntimeEventRow[];
  /** As blocks of ClickHouse's Native format, where they were made beforehand. */
  readonly encoded: Uint8Array | undefined;
}
