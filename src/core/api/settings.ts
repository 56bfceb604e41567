import { Type, type Static } from "typebox";

/**
 * Days that something is kept at least; PUT /api/v1/settings/retention (admin) → RetentionSettings. Losses are kept as long as the
 * events they are missing from.
 */
export const RetentionDays = Type.Object(
  {
    events: Type.Integer({ minimum: 1, maximum: 730 }),
    /** Figures of each heartbeat, for the charts of a sensor's page. */
    resources: Type.Integer({ minimum: 1, maximum: 365 }),
    losses: Type.Integer({ minimum: 1, maximum: 730 }),
  },
  { additionalProperties: false },
);
export type RetentionDays = Static<typeof RetentionDays>;

export const RETENTION_DEFAULTS: RetentionDays = { events: 90, resources: 30, losses: 90 };

/** When something is gone for good, in days after its time. */
export interface KeptFor {
  readonly at_least_days: number;
  readonly gone_after_days: number;
}

/** A partition of a table: a week of events, a month of the rest. */
export interface StoredPartition {
  /** First and last day in it, YYYY-MM-DD; empty where the table does not go by time. */
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface StoredTable {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** Newest first. */
  readonly partitions: readonly StoredPartition[];
}

export interface DiskState {
  readonly level: "well" | "nearly_full" | "full";
  readonly free_bytes: number;
  readonly total_bytes: number;
}

/** GET /api/v1/settings/retention (admin). What is stored is that of the whole installation, all organisations together. */
export interface RetentionSettings {
  readonly days: RetentionDays;
  readonly kept: Readonly<Record<keyof RetentionDays, KeptFor>>;
  readonly tables: readonly StoredTable[];
  /** Of the data directory; null while it cannot be asked. */
  readonly disk: DiskState | null;
  /** Bytes of events a day, over the last seven whole days; null without events. */
  readonly bytes_per_day: number | null;
  /** Null: not at this rate, or not known. */
  readonly days_until_full: number | null;
  /** When the last backup was written; null: never. */
  readonly last_backup_at: string | null;
}
