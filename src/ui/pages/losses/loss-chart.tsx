import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { LossReport } from "../../../core/api/losses.ts";
import { formatClock, formatCount, formatDay, formatMoment, formatShort } from "../../format.ts";
import { niceCeiling, timeTicks } from "../../parts/histogram-scale.ts";
import { useSize } from "../../parts/measure.ts";
import { stageTone, stageWords } from "./words.ts";

const LEFT = 44;
const TOP = 6;
const BOTTOM = 20;
const HEIGHT = 168;
const DAY_MS = 86_400_000;
const LEAST_PX = 2;

/** Losses over time, stacked by where on their way they happened. */
export function LossChart({ report, stages }: { report: LossReport; stages: readonly string[] }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [hoverX, setHoverX] = useState<number | undefined>(undefined);
  const fromMs = Date.parse(report.from);
  const toMs = Date.parse(report.to);
  const stepMs = report.bucket_secs * 1000;
  const plotWidth = Math.max(1, width - LEFT);
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const bars = report.series.map(({ at, stages: counts }) => ({
    atMs: Date.parse(at),
    counts,
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
  }));
  const most = niceCeiling(Math.max(0, ...bars.map(({ total }) => total)));
  const x = (ms: number): number => LEFT + ((ms - fromMs) / (toMs - fromMs)) * plotWidth;
  const y = (count: number): number => TOP + plotHeight - (count / most) * plotHeight;
  const barWidth = Math.max(2, (stepMs / (toMs - fromMs)) * plotWidth - 1);
  const long = toMs - fromMs > DAY_MS * 1.5;
  const ticks = timeTicks(fromMs, toMs, Math.max(2, Math.floor(plotWidth / 90)), new Date(fromMs).getTimezoneOffset());
  const hovered =
    hoverX === undefined ? undefined : bars.find(({ atMs }) => hoverX >= x(atMs) && hoverX < x(atMs + stepMs));
  return (
    <div
      class="histogram"
      ref={box}
      style={{ height: `${HEIGHT}px` }}
      onPointerMove={(event) => setHoverX(event.clientX - (box.current?.getBoundingClientRect().left ?? 0))}
      onPointerLeave={() => setHoverX(undefined)}
    >
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Losses over time: ${report.totals.stages.map((s) => `${formatCount(s.count)} ${stageWords(s.stage)}`).join(", ")}`}
      >
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line class="axis-line" x1={LEFT} x2={width} y1={y(most * part)} y2={y(most * part)} />
            {(most > 1 || part !== 0.5) && (
              <text class="axis-text" x={LEFT - 8} y={y(most * part) + (part === 1 ? 6 : 4)} text-anchor="end">
                {formatShort(most * part).replace(".0 ", " ")}
              </text>
            )}
          </g>
        ))}
        {bars.map((bar) => {
          let base = TOP + plotHeight;
          return stages
            .filter((stage) => (bar.counts[stage] ?? 0) > 0)
            .map((stage) => {
              const height = Math.max(LEAST_PX, ((bar.counts[stage] ?? 0) / most) * plotHeight);
              base -= height;
              const left = Math.max(LEFT, x(bar.atMs));
              return (
                <rect
                  key={bar.atMs + stage}
                  class={stageTone(stage)}
                  x={left}
                  y={Math.max(TOP, base)}
                  width={barWidth}
                  height={height}
                />
              );
            });
        })}
        {ticks.map((t) => (
          <text
            key={t}
            class="axis-text"
            x={x(t)}
            y={HEIGHT - 4}
            text-anchor={x(t) > width - 24 ? "end" : x(t) < LEFT + 24 ? "start" : "middle"}
          >
            {long ? formatDay(t, toMs) : formatClock(t).slice(0, 5)}
          </text>
        ))}
        {hovered && (
          <rect
            class="hover-band"
            x={Math.max(LEFT, x(hovered.atMs))}
            y={TOP}
            width={barWidth + 1}
            height={plotHeight}
          />
        )}
      </svg>
      {hovered && hoverX !== undefined && (
        <div
          class="tip"
          style={hoverX > width / 2 ? { right: `${width - hoverX + 12}px` } : { left: `${hoverX + 12}px` }}
        >
          <div class="machine">{formatMoment(hovered.atMs, toMs)}</div>
          {stages
            .filter((stage) => (hovered.counts[stage] ?? 0) > 0)
            .map((stage) => (
              <div key={stage} class="tip-row">
                <span class={`tip-key ${stageTone(stage)}`} />
                <span class="grow">{stageWords(stage)}</span>
                <span>{formatCount(hovered.counts[stage] ?? 0)}</span>
              </div>
            ))}
          {hovered.total === 0 && <div class="faint">Nothing lost</div>}
        </div>
      )}
    </div>
  );
}
