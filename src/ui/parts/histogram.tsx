import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { EventHistogram } from "../../core/api/events.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { formatClock, formatCount, formatDay, formatMoment, formatShort } from "../format.ts";
import { sentence } from "../words.ts";
import { stepRange, type KeyRange } from "./histogram-keys.ts";
import { BlindLegend, BlindPatterns, BlindTip, lateStretches, lostWords, mergeBlind } from "./blind.tsx";
import { bucketTotal, niceCeiling, stack, timeTicks } from "./histogram-scale.ts";
import { useSize } from "./measure.ts";

const LEFT = 44;
const BOTTOM = 20;
const TOP = 6;
const LEAST_DRAG_PX = 5;
const DAY_MS = 86_400_000;

/** Events over time with, where there are any, what its patterns mean. */
export function Histogram(props: HistogramProps): JSX.Element {
  const late = lateStretches(props.data.buckets, props.data.step_secs * 1000);
  return (
    <>
      <Plot {...props} />
      <BlindLegend blind={props.data.blind.length > 0} late={late.length > 0} />
    </>
  );
}

interface HistogramProps {
  data: EventHistogram;
  height?: number;
  onSelect?: ((fromMs: number, toMs: number) => void) | undefined;
}

/** Stacked by severity; blind ranges are hatched, stretches that were filled in later dotted. Dragging selects a range. */
function Plot(props: HistogramProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [hoverX, setHoverX] = useState<number | undefined>(undefined);
  const [keyRange, setKeyRange] = useState<KeyRange | undefined>(undefined);
  const [dragX, setDragX] = useState<number | undefined>(undefined);
  const { data } = props;
  const height = props.height ?? 112;
  const fromMs = Date.parse(data.from);
  const toMs = Date.parse(data.to);
  const plotWidth = Math.max(1, width - LEFT);
  const plotHeight = height - BOTTOM - TOP;
  const most = niceCeiling(Math.max(0, ...data.buckets.map(bucketTotal)));
  const x = (ms: number): number => LEFT + ((ms - fromMs) / (toMs - fromMs)) * plotWidth;
  const y = (count: number): number => TOP + plotHeight - (count / most) * plotHeight;
  const timeAt = (px: number): number =>
    fromMs + ((Math.max(LEFT, Math.min(width, px)) - LEFT) / plotWidth) * (toMs - fromMs);
  const stepMs = data.step_secs * 1000;
  const barWidth = Math.max(1, (stepMs / (toMs - fromMs)) * plotWidth - 1);
  const ticks = timeTicks(fromMs, toMs, Math.max(2, Math.floor(plotWidth / 90)), new Date(fromMs).getTimezoneOffset());
  const long = toMs - fromMs > DAY_MS * 1.5;
  const blind = mergeBlind(data.blind);
  const late = lateStretches(data.buckets, stepMs);

  const place = (event: PointerEvent): number => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
  const onUp = (event: PointerEvent): void => {
    const from = dragX;
    setDragX(undefined);
    if (from === undefined || Math.abs(place(event) - from) < LEAST_DRAG_PX) return;
    const ends = [timeAt(from), timeAt(place(event))].toSorted((a, b) => a - b);
    props.onSelect?.(Math.round(ends[0]!), Math.round(ends[1]!));
  };
  const hoverMs = hoverX === undefined ? undefined : timeAt(hoverX);
  const hovered =
    hoverMs === undefined
      ? undefined
      : data.buckets.find((b) => hoverMs >= Date.parse(b.at) && hoverMs < Date.parse(b.at) + stepMs);
  const hoveredBlind = hoverMs === undefined ? [] : blind.filter((b) => hoverMs >= b.fromMs && hoverMs <= b.toMs);
  const columns = Math.max(1, Math.ceil((toMs - fromMs) / stepMs));
  const startOf = (column: number): number => fromMs + column * stepMs;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const step = stepRange(keyRange, event.key, event.shiftKey, columns);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    setKeyRange("range" in step ? step.range : undefined);
    if ("take" in step) props.onSelect?.(startOf(step.take.start), Math.min(toMs, startOf(step.take.end + 1)));
  };
  const keyMs = keyRange && {
    fromMs: startOf(Math.min(keyRange.start, keyRange.end)),
    toMs: Math.min(toMs, startOf(Math.max(keyRange.start, keyRange.end) + 1)),
  };
  const counts = SEVERITIES.toReversed().map((s) => `${formatCount(data.buckets.reduce((n, b) => n + b[s], 0))} ${s}`);

  return (
    <div
      class={`histogram${props.onSelect ? " histogram-select" : ""}`}
      ref={box}
      style={{ height: `${height}px` }}
      {...(props.onSelect
        ? {
            tabIndex: 0,
            role: "group",
            "aria-label": "Time range: arrows move, Shift widens, Enter takes it",
            onKeyDown,
            onBlur: () => setKeyRange(undefined),
          }
        : {})}
      onPointerMove={(event) => setHoverX(place(event))}
      onPointerLeave={() => setHoverX(undefined)}
      onPointerDown={(event) => {
        if (!props.onSelect || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragX(place(event));
      }}
      onPointerUp={onUp}
      onPointerCancel={() => setDragX(undefined)}
    >
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${formatCount(data.total)} events over time: ${counts.join(", ")}. ${blind
          .map((b) => `Blind, ${lostWords(b.count, b.unknown)}.`)
          .slice(0, 5)
          .join(" ")}`}
      >
        <BlindPatterns />
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
        {blind.map((b) => {
          const left = Math.max(LEFT, x(b.fromMs));
          return (
            <rect
              key={b.fromMs}
              class="blind"
              x={left}
              y={TOP}
              width={Math.max(3, Math.min(width, x(b.toMs)) - left)}
              height={plotHeight}
              fill="url(#hatch)"
            />
          );
        })}
        {data.buckets.map((bucket) =>
          stack(bucket, plotHeight / most).map((part) => (
            <rect
              key={bucket.at + part.severity}
              class={`fill-${part.severity}`}
              x={Math.max(LEFT, x(Date.parse(bucket.at)))}
              width={barWidth}
              y={TOP + plotHeight - part.to}
              height={part.to - part.from}
            />
          )),
        )}
        {late.map((stretch) => {
          const left = Math.max(LEFT, x(stretch.fromMs));
          const right = Math.min(width, x(stretch.toMs));
          return (
            <rect
              key={stretch.fromMs}
              x={left}
              y={TOP}
              width={Math.max(3, right - left)}
              height={plotHeight}
              fill="url(#dots)"
            />
          );
        })}
        {ticks.map((t) => (
          <text
            key={t}
            class="axis-text"
            x={x(t)}
            y={height - 4}
            text-anchor={x(t) > width - 24 ? "end" : x(t) < LEFT + 24 ? "start" : "middle"}
          >
            {long ? formatDay(t, toMs) : formatClock(t).slice(0, stepMs < 5000 ? 8 : 5)}
          </text>
        ))}
        {hovered && dragX === undefined && (
          <rect class="hover-band" x={x(Date.parse(hovered.at))} y={TOP} width={barWidth + 1} height={plotHeight} />
        )}
        {keyMs && (
          <rect
            class="drag-band"
            x={x(keyMs.fromMs)}
            y={TOP}
            width={Math.max(2, x(keyMs.toMs) - x(keyMs.fromMs))}
            height={plotHeight}
          />
        )}
        {dragX !== undefined && hoverX !== undefined && (
          <rect
            class="drag-band"
            x={Math.max(LEFT, Math.min(dragX, hoverX))}
            y={TOP}
            width={Math.abs(hoverX - dragX)}
            height={plotHeight}
          />
        )}
      </svg>
      <div class="visually-hidden" aria-live="polite">
        {keyMs && `${formatMoment(keyMs.fromMs, toMs)} to ${formatMoment(keyMs.toMs, toMs)}`}
      </div>
      {keyMs && (
        <div class="tip" style={{ left: `${LEFT + 8}px` }} aria-hidden="true">
          <div class="machine">
            {formatMoment(keyMs.fromMs, toMs)} – {formatMoment(keyMs.toMs, toMs)}
          </div>
          <div class="faint">Shift + arrows widen, Enter takes it, Esc lets it go</div>
        </div>
      )}
      {hoverX !== undefined && (hovered || hoveredBlind.length > 0) && (
        <div
          class="tip"
          style={hoverX > width / 2 ? { right: `${width - hoverX + 12}px` } : { left: `${hoverX + 12}px` }}
        >
          {hovered && <div class="machine">{formatMoment(Date.parse(hovered.at), toMs)}</div>}
          {hovered &&
            SEVERITIES.toReversed().map((s) =>
              hovered[s] > 0 ? (
                <div key={s} class="tip-row">
                  <span class={`tip-key fill-${s}`} />
                  <span class="grow">{sentence(s)}</span>
                  <span>{formatCount(hovered[s])}</span>
                </div>
              ) : null,
            )}
          {hovered && bucketTotal(hovered) === 0 && <div class="faint">No events</div>}
          {hovered && hovered.late > 0 && (
            <div class="tip-row">
              <span class="tip-key tip-key-late" />
              <span class="grow">Of these, came later</span>
              <span>{formatCount(hovered.late)}</span>
            </div>
          )}
          <BlindTip ranges={hoveredBlind} />
        </div>
      )}
    </div>
  );
}
