import type { IntegrityRoots } from "../../src/core/api/integrity.ts";
import type { LossRange, LossReport } from "../../src/core/api/losses.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import { LOSS_CAUSES } from "../../src/core/event/loss-causes.ts";
import { Dice } from "../../test/harness/dice.ts";
import type { PreviewState } from "./state.ts";

const iso = (ms: number): string => new Date(ms).toISOString();
const CAUSES = [
  "ring_main",
  "ring_main",
  "ring_exec",
  "spool_full",
  "spool_full",
  "schema",
  "epoch_lost",
  "unexplained",
  "disk",
];

/** A day's losses: a storm on one node, a queue that overflowed in an outage, and odds and ends. */
export function makeLosses(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  fleet: readonly SensorDetail[],
  params: URLSearchParams,
  state: PreviewState,
): LossReport {
  const r = new Dice(7);
  const span = toMs - fromMs;
  const ranges: LossRange[] =
    state === "empty"
      ? []
      : Array.from({ length: 64 }, (_, i) => {
          const cause = CAUSES[r.int(0, CAUSES.length - 1)]!;
          const sensor = fleet[r.int(0, 11)]!;
          const part = i < 30 ? 0.58 + r.next() * 0.08 : r.next();
          const from = fromMs + span * part;
          const isLost = cause === "epoch_lost";
          return {
            from: iso(from),
            to: iso(Math.min(toMs, from + r.int(0, 4) * 20_000)),
            sensor_id: sensor.sensor_id,
            node_name: sensor.node_name,
            stage: LOSS_CAUSES[cause]!.stage,
            cause,
            count: isLost ? 0 : cause === "schema" ? r.int(1, 4) : r.int(3, 900),
            unknown: isLost,
          };
        })
          .filter((range) => !params.get("stage") || range.stage === params.get("stage"))
          .filter((range) => !params.get("cause") || range.cause === params.get("cause"))
          .map((range) => {
            const only = fleet.find(
              (s) => s.sensor_id === params.get("sensor") || s.node_name === params.get("sensor"),
            );
            return only ? { ...range, sensor_id: params.get("sensor")!, node_name: only.node_name } : range;
          })
          .toSorted((a, b) => (a.from < b.from ? 1 : -1));
  const bucket = Math.max(60, Math.ceil(span / 1000 / 96 / 60) * 60);
  const stepMs = bucket * 1000;
  const start = Math.floor(fromMs / stepMs) * stepMs;
  const series = Array.from({ length: Math.ceil((toMs - start) / stepMs) }, (_, i) => {
    const stages: Record<string, number> = {};
    for (const range of ranges)
      if (Math.floor((Date.parse(range.from) - start) / stepMs) === i)
        stages[range.stage] = (stages[range.stage] ?? 0) + range.count;
    return { at: iso(start + i * stepMs), stages };
  });
  const sum = (all: readonly LossRange[]) => ({
    count: all.reduce((n, range) => n + range.count, 0),
    unknown: all.filter((range) => range.unknown).length,
  });
  return {
    from: iso(fromMs),
    to: iso(toMs),
    bucket_secs: bucket,
    totals: {
      ...sum(ranges),
      sensors: new Set(ranges.map((range) => range.sensor_id)).size,
      stages: [...Map.groupBy(ranges, (range) => range.stage)].map(([stage, all]) => ({ stage, ...sum(all) })),
      causes: [...Map.groupBy(ranges, (range) => range.cause)]
        .map(([cause, all]) => ({ stage: all[0]!.stage, cause, ...sum(all) }))
        .toSorted((a, b) => b.count - a.count),
      top_sensors: [...Map.groupBy(ranges, (range) => range.sensor_id)]
        .map(([sensor_id, all]) => ({ sensor_id, node_name: all[0]!.node_name, ...sum(all) }))
        .toSorted((a, b) => b.count - a.count)
        .slice(0, 10),
    },
    series,
    ranges: ranges.slice(0, 40),
    next_cursor: ranges.length > 40 ? "x" : null,
    last_loss_at: ranges[0]?.to ?? null,
    watched_since: iso(toMs - 61 * 86_400_000),
  };
}

export function makeRoots(nowMs: number, state: PreviewState): IntegrityRoots {
  const hour = Math.floor(nowMs / 3_600_000) * 3_600_000 - 3_600_000;
  return {
    key: { key_id: "3f9a1c07d2b84e65a0c1f7e29b6d4a18", public_key: "-----BEGIN PUBLIC KEY-----\n" },
    roots:
      state === "empty"
        ? []
        : [
            {
              version: 1,
              tenant_id: "t1",
              hour: iso(hour),
              merkle_root: "a".repeat(64),
              leaves: 184,
              links: 11_020,
              events: 1_284_113,
              missing: 1_515,
              previous: "b".repeat(64),
              signed_at: iso(hour + 3_600_000 + 191_000),
              key_id: "3f9a1c07d2b84e65a0c1f7e29b6d4a18",
              signature: "",
            },
          ],
    next_before: null,
  };
}
