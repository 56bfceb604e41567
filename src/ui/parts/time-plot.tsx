import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { formatClock, formatDay, formatMoment, formatShort } from "../format.ts";
import { plotScale, PLOT, stepWords, timeTicks, type PlotScale } from "./histogram-scale.ts";
import { useSize } from "./measure.ts";
import { useRange } from "./plot-range.ts";

const DAY_MS = 86_400_000;

interface TimePlotProps {
  readonly fromMs: number;
  readonly toMs: number;
  /** Width of a column. */
  readonly stepMs: number;
  /** Upper end of the axis. */
  readonly most: number;
  readonly height: number;
  /** What is counted, `events`: the axis says it with the width of a column. */
  readonly unit: string;
  /** The whole in words, for those who do not see it. */
  readonly label: string;
  /** Makes a range of time choosable, by dragging and by keyboard. */
  readonly onSelect?: ((fromMs: number, toMs: number) => void) | undefined;
  /** What is told of a moment; undefined: nothing. `columnMs` is the beginning of its column. */
  readonly tip: (ms: number) => { readonly columnMs: number | undefined; readonly body: ComponentChildren } | undefined;
  /** What is drawn: behind the axis of time, in front of the lines. */
  readonly children: (scale: PlotScale) => ComponentChildren;
}

/** Columns over time: axes, hover, and the choice of a range. What the columns are is the caller's. */
export function TimePlot(props: TimePlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const { fromMs, toMs, stepMs, most, height } = props;
  const scale = plotScale({ fromMs, toMs, stepMs, most, width, height });
  const { x, y } = scale;
  const { hoverX, dragX, keyMs, handlers } = useRange(box, scale, props.onSelect);
  const hovered = hoverX === undefined ? undefined : props.tip(scale.timeAt(hoverX));
  const column = hovered?.columnMs === undefined ? undefined : scale.column(hovered.columnMs);
  return (
    <div
      class={`histogram${props.onSelect ? " histogram-select" : ""}`}
      ref={box}
      style={{ height: `${height}px` }}
      {...handlers}
    >
      <svg width={width} height={height} role="img" aria-label={props.label}>
        <CountAxis scale={scale} most={most} />
        {props.children(scale)}
        <TimeAxis scale={scale} stepMs={stepMs} />
        <text class="axis-text axis-unit" x={PLOT.left + 4} y={PLOT.top + 11}>
          {props.unit} per {stepWords(stepMs)}
        </text>
        {column && dragX === undefined && (
          <rect class="hover-band" x={column.x} y={y(most)} width={column.width + 1} height={y(0) - y(most)} />
        )}
        {keyMs && <Band scale={scale} from={x(keyMs.fromMs)} to={x(keyMs.toMs)} />}
        {dragX !== undefined && hoverX !== undefined && (
          <Band scale={scale} from={Math.max(PLOT.left, Math.min(dragX, hoverX))} to={Math.max(dragX, hoverX)} />
        )}
      </svg>
      {props.onSelect && (
        <div class="visually-hidden" aria-live="polite">
          {keyMs && `${formatMoment(keyMs.fromMs, toMs)} to ${formatMoment(keyMs.toMs, toMs)}`}
        </div>
      )}
      {keyMs && (
        <div class="tip" style={{ left: `${PLOT.left + 8}px` }} aria-hidden="true">
          <div class="machine">
            {formatMoment(keyMs.fromMs, toMs)} – {formatMoment(keyMs.toMs, toMs)}
          </div>
          <div class="faint">Shift + arrows widen, Enter takes it, Esc lets it go</div>
        </div>
      )}
      {hovered && hoverX !== undefined && (
        <div
          class="tip"
          style={hoverX > width / 2 ? { right: `${width - hoverX + 12}px` } : { left: `${hoverX + 12}px` }}
        >
          {hovered.columnMs !== undefined && <div class="machine">{formatMoment(hovered.columnMs, toMs)}</div>}
          {hovered.body}
        </div>
      )}
    </div>
  );
}

function Band({ scale, from, to }: { scale: PlotScale; from: number; to: number }): JSX.Element {
  const { y, most } = scale;
  return <rect class="drag-band" x={from} y={y(most)} width={Math.max(2, to - from)} height={y(0) - y(most)} />;
}

function CountAxis({ scale, most }: { scale: PlotScale; most: number }): JSX.Element {
  const { y } = scale;
  return (
    <>
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line class="axis-line" x1={PLOT.left} x2={scale.width} y1={y(most * part)} y2={y(most * part)} />
          {(most > 1 || part !== 0.5) && (
            <text class="axis-text" x={PLOT.left - 8} y={y(most * part) + (part === 1 ? 6 : 4)} text-anchor="end">
              {formatShort(most * part).replace(".0 ", " ")}
            </text>
          )}
        </g>
      ))}
    </>
  );
}

function TimeAxis({ scale, stepMs }: { scale: PlotScale; stepMs: number }): JSX.Element {
  const { fromMs, toMs, width, height, x } = scale;
  const most = Math.max(2, Math.floor((width - PLOT.left) / 90));
  const long = toMs - fromMs > DAY_MS * 1.5;
  return (
    <>
      {timeTicks(fromMs, toMs, most, new Date(fromMs).getTimezoneOffset()).map((t) => (
        <text
          key={t}
          class="axis-text"
          x={x(t)}
          y={height - 4}
          text-anchor={x(t) > width - 24 ? "end" : x(t) < PLOT.left + 24 ? "start" : "middle"}
        >
          {long ? formatDay(t, toMs) : formatClock(t).slice(0, stepMs < 5000 ? 8 : 5)}
        </text>
      ))}
    </>
  );
}
