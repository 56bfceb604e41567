import { RETENTION_DEFAULTS } from "../../core/api/settings.ts";
import { explainQueryError, QUERY_SETTINGS } from "../events/limits.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { LOST } from "./sql.ts";

export interface LossFilter {
  readonly sensors: readonly string[];
  readonly stages: readonly string[];
  readonly causes: readonly string[];
  readonly fromUs: number;
  readonly toUs: number;
}

/** A place in the list of ranges: minute (seconds since 1970), sensor, stage, cause. */
export interface LossPlace {
  readonly minute: number;
  readonly sensor: string;
  readonly stage: string;
  readonly cause: string;
}

export interface RangeRow extends LossPlace {
  readonly node: string;
  readonly lost: number;
  readonly unsure: number;
  readonly began_us: number;
  readonly ended_us: number;
}

export interface SeriesRow {
  readonly bucket: number;
  readonly stage: string;
  readonly lost: number;
}

export interface CauseRow {
  readonly stage: string;
  readonly cause: string;
  readonly lost: number;
  readonly unsure: number;
}

export interface SensorRow {
  readonly sensor: string;
  readonly node: string;
  readonly lost: number;
  readonly unsure: number;
}

const OF_SENSORS =
  "tenant_id = {tenant_id:UUID} AND (empty({sensors:Array(UUID)}) OR sensor_id IN {sensors:Array(UUID)})";
/** Rows that hold nothing took the place of some that were wrong. */
const WHERE = `${OF_SENSORS} AND (count > 0 OR unknown > 0)
  AND from_at < fromUnixTimestamp64Micro({to_us:Int64}, 'UTC') AND to_at >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC')
  AND (empty({stages:Array(String)}) OR has({stages:Array(String)}, stage))
  AND (empty({causes:Array(String)}) OR has({causes:Array(String)}, cause))`;
/** A loss that began before the range stands at its beginning. */
const BEGAN = "greatest(toUnixTimestamp64Micro(from_at), {from_us:Int64})";

const paramsOf = (filter: LossFilter): Record<string, unknown> => ({
  sensors: filter.sensors,
  stages: filter.stages,
  causes: filter.causes,
  from_us: filter.fromUs,
  to_us: filter.toUs,
});

const numbers = <Row extends object>(row: Row, keys: readonly (keyof Row)[]): Row => {
  const out = { ...row };
  for (const key of keys) out[key] = Number(row[key]) as Row[typeof key];
  return out;
};

/** Reads of the loss ledger; each entry once, however often it was told. */
export interface LossStore {
  causes(tenantId: string, filter: LossFilter, signal?: AbortSignal): Promise<CauseRow[]>;
  /** Those that lost most, the first of them first. */
  topSensors(tenantId: string, filter: LossFilter, limit: number, signal?: AbortSignal): Promise<SensorRow[]>;
  countSensors(tenantId: string, filter: LossFilter, signal?: AbortSignal): Promise<number>;
  series(tenantId: string, filter: LossFilter, bucketSecs: number, signal?: AbortSignal): Promise<SeriesRow[]>;
  ranges(
    tenantId: string,
    filter: LossFilter,
    below: LossPlace | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<RangeRow[]>;
  /** Microseconds since 1970; undefined when nothing was lost. */
  findLast(
    tenantId: string,
    sensors: readonly string[],
    beforeUs: number,
    signal?: AbortSignal,
  ): Promise<number | undefined>;
  /** Milliseconds since 1970. */
  findFirstEnrolment(tenantId: string, sensors: readonly string[]): Promise<number | undefined>;
  /** For how many days a tenant keeps its ledger at least. */
  findKeptDays(tenantId: string): Promise<number>;
}

/** The loss ledger on ClickHouse. */
export function createLossStore({ events, db }: { events: EventDb; db: Db }): LossStore {
  const select = async <Row>(
    tenantId: string,
    sql: string,
    params: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<Row[]> => {
    try {
      return await events.select<Row>(tenantId, `${sql} SETTINGS ${QUERY_SETTINGS}`, params, {
        timeoutMs: 15_000,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      throw explainQueryError(error, signal);
    }
  };
  return {
    async causes(tenantId, filter, signal) {
      const rows = await select<CauseRow>(
        tenantId,
        `SELECT stage, cause, ${LOST} AS lost, sum(unknown) AS unsure
         FROM event_losses FINAL WHERE ${WHERE} GROUP BY stage, cause ORDER BY lost DESC, unsure DESC LIMIT 200`,
        paramsOf(filter),
        signal,
      );
      return rows.map((row) => numbers(row, ["lost", "unsure"]));
    },
    async topSensors(tenantId, filter, limit, signal) {
      const rows = await select<SensorRow>(
        tenantId,
        `SELECT toString(sensor_id) AS sensor, argMax(node_name, to_at) AS node, ${LOST} AS lost, sum(unknown) AS unsure
         FROM event_losses FINAL WHERE ${WHERE} GROUP BY sensor_id ORDER BY lost DESC, unsure DESC, sensor LIMIT {row_limit:UInt32}`,
        { ...paramsOf(filter), row_limit: limit },
        signal,
      );
      return rows.map((row) => numbers(row, ["lost", "unsure"]));
    },
    async countSensors(tenantId, filter, signal) {
      const sql = `SELECT uniqExact(sensor_id) AS sensors FROM event_losses FINAL WHERE ${WHERE}`;
      return Number((await select<{ sensors: number }>(tenantId, sql, paramsOf(filter), signal))[0]?.sensors ?? 0);
    },
    async series(tenantId, filter, bucketSecs, signal) {
      const rows = await select<SeriesRow>(
        tenantId,
        `SELECT intDiv(${BEGAN}, {step_us:Int64}) AS bucket, stage, ${LOST} AS lost
         FROM event_losses FINAL WHERE ${WHERE} GROUP BY bucket, stage ORDER BY bucket`,
        { ...paramsOf(filter), step_us: bucketSecs * 1e6 },
        signal,
      );
      return rows.map((row) => numbers(row, ["bucket", "lost"]));
    },
    async ranges(tenantId, filter, below, limit, signal) {
      const rows = await select<RangeRow>(
        tenantId,
        `SELECT intDiv(toUnixTimestamp64Micro(from_at), 60000000) * 60 AS minute, toString(sensor_id) AS sensor, stage, cause,
           any(node_name) AS node, ${LOST} AS lost, max(unknown) AS unsure,
           toUnixTimestamp64Micro(min(from_at)) AS began_us, toUnixTimestamp64Micro(max(to_at)) AS ended_us
         FROM event_losses FINAL WHERE ${WHERE}
         GROUP BY minute, sensor, stage, cause
         ${below ? "HAVING (minute, sensor, stage, cause) < ({below_minute:Int64}, {below_sensor:String}, {below_stage:String}, {below_cause:String})" : ""}
         ORDER BY minute DESC, sensor DESC, stage DESC, cause DESC LIMIT {row_limit:UInt32}`,
        {
          ...paramsOf(filter),
          row_limit: limit,
          ...(below
            ? {
                below_minute: below.minute,
                below_sensor: below.sensor,
                below_stage: below.stage,
                below_cause: below.cause,
              }
            : {}),
        },
        signal,
      );
      return rows.map((row) => numbers(row, ["minute", "lost", "unsure", "began_us", "ended_us"]));
    },
    async findLast(tenantId, sensors, beforeUs, signal) {
      const [row] = await select<{ n: number; at_us: number }>(
        tenantId,
        `SELECT count() AS n, toUnixTimestamp64Micro(max(to_at)) AS at_us FROM event_losses
         FINAL WHERE ${OF_SENSORS} AND (count > 0 OR unknown > 0) AND from_at < fromUnixTimestamp64Micro({to_us:Int64}, 'UTC')`,
        { sensors, to_us: beforeUs },
        signal,
      );
      return row && Number(row.n) > 0 ? Number(row.at_us) : undefined;
    },
    async findFirstEnrolment(tenantId, sensors) {
      const [row] = await db.tenant(
        tenantId,
        (tx) => tx<{ first: Date | null }[]>`
          SELECT min(enrolled_at) AS first FROM sensors
          WHERE ${sensors.length === 0 ? tx`lifecycle <> 'revoked'` : tx`sensor_id = ANY(${sensors as string[]}::uuid[])`}`,
      );
      return row?.first?.getTime();
    },

    async findKeptDays(tenantId) {
      const [row] = await db.tenant(
        tenantId,
        (tx) =>
          tx<{ days: number | null }[]>`SELECT (value->>'losses')::int AS days FROM settings WHERE name = 'retention'`,
      );
      return row?.days ?? RETENTION_DEFAULTS.losses;
    },
  };
}
