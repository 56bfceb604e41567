import type { LossQuery, LossReport } from "../../core/api/losses.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { isUuid } from "../../core/ids.ts";
import { parseRange } from "../events/filter.ts";
import { formatMicros } from "../events/row.ts";
import type { LossFilter, LossPlace, LossStore, RangeRow, SeriesRow } from "./store.ts";

const DEFAULT_SINCE = "24h";
const DEFAULT_LIMIT = 100;
const TOP_SENSORS = 10;
const MAX_BUCKETS = 120;
const DAY_MS = 86_400_000;
const STEPS_SECS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Smallest width that covers the range with at most 120 buckets, in seconds. */
function chooseBucket(fromUs: number, toUs: number): number {
  const secs = (toUs - fromUs) / 1e6;
  return STEPS_SECS.find((step) => secs / step <= MAX_BUCKETS) ?? Math.ceil(secs / MAX_BUCKETS / 60) * 60;
}

function parsePlace(text: string): LossPlace {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(parts) && parts.length === 4) {
      const [minute, sensor, stage, cause] = parts as unknown[];
      if (
        Number.isSafeInteger(minute) &&
        typeof sensor === "string" &&
        typeof stage === "string" &&
        typeof cause === "string"
      )
        return { minute: minute as number, sensor, stage, cause };
    }
  } catch {
    // It is told below.
  }
  throw new AppError("invalid_request", "/cursor: is not one this API gave", { pointer: "/cursor" });
}

function formatPlace({ minute, sensor, stage, cause }: LossPlace): string {
  return Buffer.from(JSON.stringify([minute, sensor, stage, cause])).toString("base64url");
}

function fillSeries(
  rows: readonly SeriesRow[],
  { fromUs, toUs }: LossFilter,
  bucketSecs: number,
): LossReport["series"] {
  const stepUs = bucketSecs * 1e6;
  const byBucket = Map.groupBy(rows, (row) => row.bucket);
  const first = Math.floor(fromUs / stepUs);
  return Array.from({ length: Math.floor((toUs - 1) / stepUs) - first + 1 }, (_, i) => ({
    at: formatMicros((first + i) * stepUs),
    stages: Object.fromEntries((byBucket.get(first + i) ?? []).map(({ stage, lost }) => [stage, lost])),
  }));
}

const toRange = (row: RangeRow): LossReport["ranges"][number] => ({
  from: formatMicros(row.began_us),
  to: formatMicros(row.ended_us),
  sensor_id: row.sensor,
  node_name: row.node,
  stage: row.stage,
  cause: row.cause,
  count: row.lost,
  unknown: row.unsure > 0,
});

/** Questions to the loss ledger. */
export interface LossService {
  /** Throws AppError `invalid_request` with a pointer. */
  report(tenantId: string, query: LossQuery, signal?: AbortSignal): Promise<LossReport>;
}

export function createLossService({ store, clock }: { store: LossStore; clock: Clock }): LossService {
  return {
    async report(tenantId, query, signal) {
      const { sensor: sensors = [], stage: stages = [], cause: causes = [], since, from, to } = query;
      if (!sensors.every(isUuid))
        throw new AppError("invalid_request", "/sensor: is not a sensor's id", { pointer: "/sensor" });
      const given = { ...(since && { since }), ...(from && { from }), ...(to && { to }) };
      const nowMs = clock.nowMs();
      const span = parseRange(since || from || to ? given : { since: DEFAULT_SINCE }, nowMs);
      const filter: LossFilter = { sensors, stages, causes, ...span };
      const bucketSecs = query.bucket ?? chooseBucket(span.fromUs, span.toUs);
      if ((span.toUs - span.fromUs) / 1e6 / bucketSecs > 2_000)
        throw new AppError("invalid_request", "/bucket: gives too many buckets for this range", { pointer: "/bucket" });
      const limit = query.limit ?? DEFAULT_LIMIT;
      const below = query.cursor === undefined ? undefined : parsePlace(query.cursor);
      const [byCause, top, lostSensors, series, rows, last, enrolled, keptDays] = await Promise.all([
        store.causes(tenantId, filter, signal),
        store.topSensors(tenantId, filter, TOP_SENSORS, signal),
        store.countSensors(tenantId, filter, signal),
        store.series(tenantId, filter, bucketSecs, signal),
        store.ranges(tenantId, filter, below, limit + 1, signal),
        store.findLast(tenantId, sensors, span.toUs, signal),
        store.findFirstEnrolment(tenantId, sensors),
        store.findKeptDays(tenantId),
      ]);
      const shown = rows.slice(0, limit);
      const stageTotals = [...Map.groupBy(byCause, (row) => row.stage)].map(([stage, all]) => ({
        stage,
        count: all.reduce((sum, row) => sum + row.lost, 0),
        unknown: all.reduce((sum, row) => sum + row.unsure, 0),
      }));
      return {
        from: formatMicros(span.fromUs),
        to: formatMicros(span.toUs),
        bucket_secs: bucketSecs,
        totals: {
          count: stageTotals.reduce((sum, { count }) => sum + count, 0),
          unknown: stageTotals.reduce((sum, { unknown }) => sum + unknown, 0),
          sensors: lostSensors,
          stages: stageTotals,
          causes: byCause.map(({ stage, cause, lost, unsure }) => ({ stage, cause, count: lost, unknown: unsure })),
          top_sensors: top.map(({ sensor, node, lost, unsure }) => ({
            sensor_id: sensor,
            node_name: node,
            count: lost,
            unknown: unsure,
          })),
        },
        series: fillSeries(series, filter, bucketSecs),
        ranges: shown.map(toRange),
        next_cursor: rows.length > limit ? formatPlace(shown.at(-1)!) : null,
        last_loss_at: last === undefined ? null : formatMicros(last),
        watched_since:
          enrolled === undefined ? null : new Date(Math.max(enrolled, nowMs - keptDays * DAY_MS)).toISOString(),
      };
    },
  };
}
