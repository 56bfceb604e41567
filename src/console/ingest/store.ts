import type { Db } from "../stores/contract.ts";

export interface LaneKey {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly epoch: string;
}

export interface CursorUpdate extends LaneKey {
  readonly seq: number;
}

/**
 * A row of `event_losses`. Tenant, sensor, `source`, `epoch`, stage, cause and `from_seq` are its key: a row told again replaces the
 * one before.
 */
export interface LossRow {
  tenant_id: string;
  sensor_id: string;
  node_name: string;
  stage: string;
  cause: string;
  /** 0 when `unknown`. */
  count: number;
  /** 1 when something went and nobody can say how much. */
  unknown: number;
  /** Who tells of it: an `event`, a `range` of numbers, an `epoch` that is over. */
  source: "event" | "range" | "epoch";
  epoch: string;
  from_seq: number;
  to_seq: number;
  /** Microseconds since 1970. */
  from_at: number;
  to_at: number;
  /** Milliseconds since 1970. */
  recorded_at: number;
}

/** Adds to the counters on the sensors' rows. */
export async function addRejected(
  db: Db,
  counts: readonly { sensorId: string; rejected: number; malformed: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  await db.system(
    (tx) => tx`
      UPDATE sensors s SET events_rejected = s.events_rejected + u.rejected, messages_malformed = s.messages_malformed + u.malformed
      FROM unnest(${counts.map((c) => c.sensorId)}::uuid[], ${counts.map((c) => String(c.rejected))}::bigint[],
                  ${counts.map((c) => String(c.malformed))}::bigint[]) AS u (sensor_id, rejected, malformed)
      WHERE s.sensor_id = u.sensor_id`,
  );
}
