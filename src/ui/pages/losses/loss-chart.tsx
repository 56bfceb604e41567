import type { ComponentChildren, JSX } from "preact";
import type { LossReport } from "../../../core/api/losses.ts";
import { formatCount } from "../../format.ts";
import { niceCeiling } from "../../parts/histogram-scale.ts";
import { TimePlot } from "../../parts/time-plot.tsx";
import { setTimeRange } from "../../time-range.ts";
import { stageTone, stageWords } from "./words.ts";

const HEIGHT = 168;
const LEAST_PX = 2;

/** Losses over time, stacked by where on their way they happened. Dragging selects a range. */
export function LossChart({ report, stages }: { report: LossReport; stages: readonly string[] }): JSX.Element {
  const stepMs = report.bucket_secs * 1000;
  const bars = report.series.map(({ at, stages: counts }) => ({
    atMs: Date.parse(at),
    parts: stages.map((stage) => ({ stage, count: counts[stage] ?? 0 })).filter(({ count }) => count > 0),
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
  }));
  return (
    <TimePlot
      fromMs={Date.parse(report.from)}
      toMs={Date.parse(report.to)}
      stepMs={stepMs}
      most={niceCeiling(Math.max(0, ...bars.map(({ total }) => total)))}
      height={HEIGHT}
      unit="events lost"
      label={`Losses over time: ${report.totals.stages.map((s) => `${formatCount(s.count)} ${stageWords(s.stage)}`).join(", ")}`}
      onSelect={(fromMs, toMs) => setTimeRange({ fromMs, toMs })}
      tip={(ms) => {
        const bar = bars.find(({ atMs }) => ms >= atMs && ms < atMs + stepMs);
        return bar && { columnMs: bar.atMs, body: <Tip parts={bar.parts} /> };
      }}
    >
      {({ y, column }): ComponentChildren =>
        bars.map((bar) => {
          let top = y(0);
          return bar.parts.map(({ stage, count }) => {
            const height = Math.max(LEAST_PX, y(0) - y(count));
            top -= height;
            return (
              <rect
                key={bar.atMs + stage}
                class={stageTone(stage)}
                {...column(bar.atMs)}
                y={Math.max(0, top)}
                height={height}
              />
            );
          });
        })
      }
    </TimePlot>
  );
}

function Tip({ parts }: { parts: readonly { readonly stage: string; readonly count: number }[] }): JSX.Element {
  if (parts.length === 0) return <div class="faint">Nothing lost</div>;
  return (
    <>
      {parts.map(({ stage, count }) => (
        <div key={stage} class="tip-row">
          <span class={`tip-key ${stageTone(stage)}`} />
          <span class="grow">{stageWords(stage)}</span>
          <span>{formatCount(count)}</span>
        </div>
      ))}
    </>
  );
}
