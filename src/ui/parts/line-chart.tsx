import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { prefersDark } from "../media.ts";
import { theme } from "../prefs.ts";
import { formatClock } from "../format.ts";
import { useSize } from "./measure.ts";
import { lonePoints, withGaps } from "./gaps.ts";

/** A range in which something is known to be missing, ms since 1970. */
export interface ChartBlind {
  readonly fromMs: number;
  readonly toMs: number;
  readonly words: string;
}

export interface ChartSeries {
  readonly label: string;
  readonly values: readonly number[];
}

const LINE_COLOURS = ["--accent", "--text-2"];
const HEIGHT = 104;
const LEAST_SPAN_SECS = 300;

const HATCH_PX = 6;
const LEAST_BLIND_PX = 3;

/** Hatches ranges of time on the canvas, in the way the histogram does. */
function hatch(u: uPlot, blind: readonly ChartBlind[], colour: string): void {
  const { ctx, bbox } = u;
  const ratio = window.devicePixelRatio || 1;
  for (const { fromMs, toMs } of blind) {
    const start = Math.max(bbox.left, u.valToPos(fromMs / 1000, "x", true));
    const end = Math.min(
      bbox.left + bbox.width,
      Math.max(start + LEAST_BLIND_PX * ratio, u.valToPos(toMs / 1000, "x", true)),
    );
    if (end <= start) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(start, bbox.top, end - start, bbox.height);
    ctx.clip();
    ctx.beginPath();
    ctx.strokeStyle = colour;
    ctx.globalAlpha = 0.4;
    ctx.lineWidth = 1.5 * ratio;
    for (let x = start - bbox.height; x < end; x += HATCH_PX * ratio) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A measure over time: last value as text, unit on the axis, gaps as gaps. The hover shows the value of that time. */
export function LineChart(props: {
  title: string;
  atMs: readonly number[];
  stepSecs: number;
  series: readonly ChartSeries[];
  format: (value: number) => string;
  /** Upper end of the axis, where it has a natural one. */
  most?: number;
  /** End of the time axis, ms since 1970: silence up to it is seen as an empty stretch. */
  toMs?: number;
  /** Drawn hatched behind the lines. */
  blind?: readonly ChartBlind[];
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { width } = useSize(place);
  const [hover, setHover] = useState<number | undefined>(undefined);
  const { atMs, series, format } = props;
  // A canvas does not follow the style sheet by itself.
  const chosen = `${theme.value} ${prefersDark.value}`;

  useEffect(() => {
    const element = place.current;
    if (!element || width === 0) return;
    const axis = {
      stroke: token("--text-2"),
      grid: { stroke: token("--line-0"), width: 1 },
      ticks: { show: false },
      font: `11px ${token("--font-text")}`,
    };
    const data = withGaps(
      atMs,
      series.map((s) => s.values),
      props.stepSecs * 2500,
    );
    const chart = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 18, 0, 0],
        cursor: { sync: { key: "resources" }, drag: { x: false, y: false }, points: { size: 5 } },
        hooks: {
          setCursor: [(u) => setHover(u.cursor.idx ?? undefined)],
          drawClear: [(u) => hatch(u, props.blind ?? [], token("--warning"))],
        },
        scales: {
          // A single point has no width of its own.
          x: {
            time: true,
            range: (_u, min, max) => {
              const end = Math.max(max, (props.toMs ?? 0) / 1000);
              return [Math.min(min, end - LEAST_SPAN_SECS), end];
            },
          },
          y: { range: (_u, _min, max) => [0, props.most ?? Math.max(max * 1.15, 0.001)] },
        },
        axes: [
          {
            ...axis,
            size: 20,
            gap: 4,
            space: 70,
            values: (_u, ticks) => ticks.map((t) => formatClock(t * 1000).slice(0, 5)),
          },
          { ...axis, size: 62, gap: 6, space: 32, values: (_u, ticks) => ticks.map((t) => format(t)) },
        ],
        series: [
          {},
          ...series.map((_, i) => ({
            stroke: token(LINE_COLOURS[i] ?? "--text-1"),
            width: 1.5,
            spanGaps: false,
            // A line needs two points: what stands alone is drawn as a dot.
            points: {
              show: true,
              size: 5,
              width: 0,
              fill: token(LINE_COLOURS[i] ?? "--text-1"),
              filter: (u: uPlot, seriesIndex: number) => lonePoints(u.data[seriesIndex] ?? []),
            },
          })),
        ],
      },
      data,
      element,
    );
    return () => chart.destroy();
  }, [atMs, series, width, chosen, props.toMs, props.blind]);

  const padded = withGaps(
    atMs,
    series.map((s) => s.values),
    props.stepSecs * 2500,
  );
  const index = hover ?? padded[0].length - 1;
  const hoverMs = hover === undefined ? undefined : (padded[0][hover] ?? 0) * 1000;
  const stepMs = props.stepSecs * 1000;
  const hidden = props.blind?.find(
    (b) => hoverMs !== undefined && hoverMs >= b.fromMs - stepMs && hoverMs <= b.toMs + stepMs,
  );
  const lastMs = atMs.at(-1) ?? 0;
  const silent = props.toMs !== undefined && props.toMs - lastMs > props.stepSecs * 3000;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        <span class="grow" />
        {hidden && <span class="chart-blind">{hidden.words}</span>}
        {series.map((s, i) => {
          const value = padded[i + 1]?.[index];
          return (
            <span key={s.label} class="chart-value">
              {series.length > 1 && <span class={`chart-key chart-key-${i}`} />}
              {series.length > 1 && <span class="quiet">{s.label}</span>}
              <strong class={silent && hover === undefined ? "chart-old" : ""}>
                {value === null || value === undefined ? "no data" : format(value)}
              </strong>
            </span>
          );
        })}
      </figcaption>
      <div
        ref={place}
        class="chart-place"
        style={{ height: `${HEIGHT}px` }}
        role="img"
        aria-label={`${props.title} over time`}
      />
    </figure>
  );
}
