import type { EventHistogram } from "../../core/api/events.ts";
import type { TimeRange } from "./filter.ts";
import { formatMicros } from "./row.ts";
import type { BucketRow, LossRow } from "./store.ts";

export const MAX_BUCKETS = 120;
export const MAX_BLIND = 500;

/** Steps people read easily, in seconds. */
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
  1_209_600, 2_592_000, 7_776_000, 31_536_000,
];

const bucketOf = (us: number, stepUs: number): number => Math.floor(us / stepUs);

/** Smallest step that covers the range with at most 120 buckets, in seconds. */
export function chooseStep(range: TimeRange): number {
  for (const step of STEPS) {
    const stepUs = step * 1e6;
    if (bucketOf(range.toUs - 1, stepUs) - bucketOf(range.fromUs, stepUs) < MAX_BUCKETS) return step;
  }
  return Math.ceil((range.toUs - range.fromUs) / 1e6 / (MAX_BUCKETS - 1));
}

/** Every bucket of the range, the empty ones too. */
export function fillBuckets(rows: readonly BucketRow[], range: TimeRange, stepSecs: number): EventHistogram["buckets"] {
  const stepUs = stepSecs * 1e6;
  const byBucket = new Map(rows.map((row) => [row.bucket, row]));
  const first = bucketOf(range.fromUs, stepUs);
  return Array.from({ length: bucketOf(range.toUs - 1, stepUs) - first + 1 }, (_, i) => {
    const row = byBucket.get(first + i);
    return {
      at: formatMicros((first + i) * stepUs),
      info: row?.info ?? 0,
      warning: row?.warning ?? 0,
      high: row?.high ?? 0,
      critical: row?.critical ?? 0,
      late: row?.late ?? 0,
    };
  });
}

/** Joins losses whose ranges overlap or lie within `gapUs` of each other, by the given key. */
function join(losses: readonly LossRow[], gapUs: number, keyOf: (loss: LossRow) => string): LossRow[] {
  const open = new Map<string, LossRow>();
  const done: LossRow[] = [];
  for (const loss of losses.toSorted((a, b) => a.fromUs - b.fromUs)) {
    const key = keyOf(loss);
    const last = open.get(key);
    if (last && loss.fromUs <= last.toUs + gapUs) {
      open.set(key, {
        ...last,
        toUs: Math.max(last.toUs, loss.toUs),
        count: last.count + loss.count,
        unknown: last.unknown || loss.unknown,
      });
    } else {
      if (last) done.push(last);
      open.set(key, loss);
    }
  }
  return [...done, ...open.values()].toSorted((a, b) => a.fromUs - b.fromUs);
}

/**
 * Blind ranges: losses joined per sensor and cause. When there are more than 500 the gaps they may bridge grow, and at last
 * sensors are joined too (then without a sensor id, the node name saying how many): coarser, but no count is left out.
 */
export function mergeLosses(losses: readonly LossRow[], range: TimeRange, stepSecs: number): EventHistogram["blind"] {
  const perSensor = (loss: LossRow): string => `${loss.sensorId} ${loss.stage} ${loss.cause}`;
  const clipped = losses.map((loss) => ({
    ...loss,
    fromUs: Math.max(loss.fromUs, range.fromUs),
    toUs: Math.max(Math.min(loss.toUs, range.toUs), Math.max(loss.fromUs, range.fromUs)),
  }));
  let merged = join(clipped, 0, perSensor);
  for (let gap = stepSecs * 1e6; merged.length > MAX_BLIND && gap <= range.toUs - range.fromUs; gap *= 4)
    merged = join(clipped, gap, perSensor);
  if (merged.length > MAX_BLIND) {
    const sensors = new Set(clipped.map((loss) => loss.sensorId)).size;
    const whole = clipped.map((loss) => ({ ...loss, sensorId: "", nodeName: `${sensors} sensors` }));
    merged = join(whole, range.toUs - range.fromUs, (loss) => `${loss.stage} ${loss.cause}`);
  }
  return merged.slice(0, MAX_BLIND).map((loss) => ({
    from: formatMicros(loss.fromUs),
    to: formatMicros(loss.toUs),
    sensor_id: loss.sensorId,
    node_name: loss.nodeName,
    stage: loss.stage,
    cause: loss.cause,
    count: loss.count,
    unknown: loss.unknown,
  }));
}
