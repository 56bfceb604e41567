import { LOST } from "../losses/sql.ts";
import type { EventDb } from "../stores/contract.ts";
import type { EventKey } from "./cursor.ts";
import { filterSql } from "./filter-sql.ts";
import type { Condition, TimeRange } from "./filter.ts";
import { isLateSql, type ClockChanges } from "./late-sql.ts";
import { explainQueryError, QUERY_SETTINGS, QUERY_TIMEOUT_MS } from "./limits.ts";
import { LIST_COLUMNS, type ListRow } from "./row.ts";

export interface PageQuery {
  readonly conditions: readonly Condition[];
  readonly range: TimeRange;
  /** Only what stands after this in the order newest first. */
  readonly below: EventKey | undefined;
  readonly limit: number;
  readonly timeoutMs: number;
}

export interface BucketRow {
  readonly bucket: number;
  readonly info: number;
  readonly warning: number;
  readonly high: number;
  readonly critical: number;
  readonly late: number;
}

/** Losses of one sensor by one cause within one bucket. Microseconds. */
export interface LossRow {
  readonly sensorId: string;
  readonly nodeName: string;
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
  readonly unknown: boolean;
  readonly fromUs: number;
  readonly toUs: number;
}

export interface DetailRow extends ListRow {
  readonly event: string;
  readonly raw: string;
}

/** Reads of events; never writes. */
export interface EventStore {
  /** At most `limit` rows, newest first; a re-delivered event may stand twice, side by side. */
  page(tenantId: string, query: PageQuery, signal?: AbortSignal): Promise<ListRow[]>;
  /** Counts by time and severity, each event once. Only buckets that hold something. */
  buckets(
    tenantId: string,
    conditions: readonly Condition[],
    range: TimeRange,
    stepUs: number,
    signal?: AbortSignal,
  ): Promise<BucketRow[]>;
  /** What the loss ledger holds for these sensors, summed per bucket; at most `limit` rows, largest losses first. */
  losses(
    tenantId: string,
    sensors: { readonly ids: readonly string[]; readonly names: readonly string[] },
    range: TimeRange,
    stepUs: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<LossRow[]>;
  find(
    tenantId: string,
    id: { sensorId: string; epoch: string; seq: number },
    signal?: AbortSignal,
  ): Promise<DetailRow | undefined>;
}

const BELOW = `observed_at <= fromUnixTimestamp64Micro({at_us:Int64}, 'UTC')
  AND (observed_at < fromUnixTimestamp64Micro({at_us:Int64}, 'UTC')
    OR (sensor_id, epoch, seq) < ({at_sensor:UUID}, {at_epoch:String}, {at_seq:UInt64}))`;

/** Sensors that a filter names by id. */
function sensorsOf(conditions: readonly Condition[]): readonly string[] | undefined {
  for (const condition of conditions)
    if (condition.op === "in" && condition.column === "sensor_id") return condition.values;
  return undefined;
}

/** Event store on ClickHouse; without `clocks` every sensor's clock is taken for right. */
export function createEventStore(deps: { events: EventDb; clocks?: ClockChanges }): EventStore {
  const select = async <Row>(
    tenantId: string,
    sql: string,
    params: Record<string, unknown>,
    signal: AbortSignal | undefined,
    timeoutMs = QUERY_TIMEOUT_MS,
  ): Promise<Row[]> => {
    try {
      return await deps.events.select<Row>(tenantId, sql, params, { timeoutMs, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw explainQueryError(error, signal);
    }
  };
  return {
    page(tenantId, { conditions, range, below, limit, timeoutMs }, signal) {
      const where = filterSql(conditions, range);
      const params: Record<string, unknown> = { ...where.params, row_limit: limit };
      if (below)
        Object.assign(params, {
          at_us: below.atUs,
          at_sensor: below.sensorId,
          at_epoch: below.epoch,
          at_seq: below.seq,
        });
      return select<ListRow>(
        tenantId,
        `SELECT ${LIST_COLUMNS} FROM runtime_events WHERE ${where.sql}${below ? ` AND ${BELOW}` : ""}
         ORDER BY observed_at DESC, sensor_id DESC, epoch DESC, seq DESC
         LIMIT {row_limit:UInt32} SETTINGS ${QUERY_SETTINGS}`,
        params,
        signal,
        timeoutMs,
      );
    },

    async buckets(tenantId, conditions, range, stepUs, signal) {
      const where = filterSql(conditions, range);
      const changes = (await deps.clocks?.(tenantId, sensorsOf(conditions))) ?? [];
      const rows = await select<Record<keyof BucketRow, number | string>>(
        tenantId,
        `SELECT intDiv(toUnixTimestamp64Micro(observed_at), {step_us:Int64}) AS bucket,
           countIf(severity = 'info') AS info, countIf(severity = 'warning') AS warning,
           countIf(severity = 'high') AS high, countIf(severity = 'critical') AS critical,
           countIf(${isLateSql(changes)}) AS late
         FROM runtime_events FINAL WHERE ${where.sql}
         GROUP BY bucket ORDER BY bucket
         SETTINGS ${QUERY_SETTINGS}, do_not_merge_across_partitions_select_final = 1`,
        { ...where.params, step_us: stepUs },
        signal,
      );
      return rows.map((row) => ({
        bucket: Number(row.bucket),
        info: Number(row.info),
        warning: Number(row.warning),
        high: Number(row.high),
        critical: Number(row.critical),
        late: Number(row.late),
      }));
    },

    async losses(tenantId, sensors, range, stepUs, limit, signal) {
      const rows = await select<{
        sensor_id: string;
        node: string;
        stage: string;
        cause: string;
        lost: number | string;
        unsure: number | string;
        from_us: number | string;
        to_us: number | string;
      }>(
        tenantId,
        `SELECT sensor_id, any(node_name) AS node, stage, cause, ${LOST} AS lost, max(unknown) AS unsure,
           toUnixTimestamp64Micro(min(from_at)) AS from_us, toUnixTimestamp64Micro(max(to_at)) AS to_us
         FROM event_losses FINAL
         WHERE tenant_id = {tenant_id:UUID} AND (count > 0 OR unknown > 0)
           AND from_at < fromUnixTimestamp64Micro({to_us:Int64}, 'UTC') AND to_at >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC')
           AND (empty({ids:Array(UUID)}) OR has({ids:Array(UUID)}, sensor_id))
           AND (empty({names:Array(String)}) OR has({names:Array(String)}, node_name))
         GROUP BY sensor_id, stage, cause, intDiv(toUnixTimestamp64Micro(from_at), {step_us:Int64})
         ORDER BY lost DESC LIMIT {row_limit:UInt32} SETTINGS ${QUERY_SETTINGS}`,
        {
          ids: sensors.ids,
          names: sensors.names,
          from_us: range.fromUs,
          to_us: range.toUs,
          step_us: stepUs,
          row_limit: limit,
        },
        signal,
      );
      return rows.map((row) => ({
        sensorId: row.sensor_id,
        nodeName: row.node,
        stage: row.stage,
        cause: row.cause,
        count: Number(row.lost),
        unknown: Number(row.unsure) > 0,
        fromUs: Number(row.from_us),
        toUs: Number(row.to_us),
      }));
    },

    async find(tenantId, id, signal) {
      const rows = await select<DetailRow>(
        tenantId,
        `SELECT ${LIST_COLUMNS}, event, raw FROM runtime_events
         WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND seq = {seq:UInt64} AND epoch = {epoch:String}
         LIMIT 1 SETTINGS ${QUERY_SETTINGS}`,
        { sensor_id: id.sensorId, seq: id.seq, epoch: id.epoch },
        signal,
      );
      return rows[0];
    },
  };
}
