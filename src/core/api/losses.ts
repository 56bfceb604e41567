import { Type, type Static } from "typebox";
import { TIME_RANGE, words } from "./filter.ts";

/**
 * GET /api/v1/loss: what is known to have been lost. Lists are comma-separated in a URL; `since` (`15m`, `1h`, `7d`) or `from`/`to`
 * (RFC 3339), the last 24 hours without any. `bucket` is the width of the series in seconds, a whole number of minutes.
 */
export const LossQuery = Type.Object(
  {
    sensor: words(64, 64),
    stage: words(16, 32),
    cause: words(32, 64),
    ...TIME_RANGE,
    bucket: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400, multipleOf: 60 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
  },
  { additionalProperties: false },
);
export type LossQuery = Static<typeof LossQuery>;

/** Losses of one sensor, stage and cause that began in one minute, as one. Times are RFC 3339, UTC. */
export interface LossRange {
  readonly from: string;
  readonly to: string;
  readonly sensor_id: string;
  readonly node_name: string;
  /** One of LOSS_STAGES; an older ledger may name others. */
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
  /** True when more went than `count` says, and nobody knows how much. */
  readonly unknown: boolean;
}

export interface LossReport {
  readonly from: string;
  readonly to: string;
  readonly bucket_secs: number;
  readonly totals: {
    readonly count: number;
    /** Losses of which nobody knows how much they took. */
    readonly unknown: number;
    readonly sensors: number;
    readonly stages: readonly { readonly stage: string; readonly count: number; readonly unknown: number }[];
    readonly causes: readonly {
      readonly stage: string;
      readonly cause: string;
      readonly count: number;
      readonly unknown: number;
    }[];
    /** At most 10 sensors, the one that lost most first. */
    readonly top_sensors: readonly {
      readonly sensor_id: string;
      readonly node_name: string;
      readonly count: number;
      readonly unknown: number;
    }[];
  };
  /** Every bucket of the range, the empty ones too. A loss stands where it began: how it spreads over its range nobody knows. */
  readonly series: readonly {
    readonly at: string;
    readonly stages: Readonly<Record<string, number>>;
  }[];
  /** Newest first; `next_cursor` continues. */
  readonly ranges: readonly LossRange[];
  readonly next_cursor: string | null;
  /** The end of the last loss before the end of the range that the ledger still knows, whatever its stage and cause; null: none. */
  readonly last_loss_at: string | null;
  /** Since when these sensors are watched: the first enrolment, or as far back as the ledger goes. Null without a sensor. */
  readonly watched_since: string | null;
}
