import type { EventHistogram } from "../../core/api/events.ts";
import { SEVERITIES, type Severity } from "../../core/event/severity.ts";
import { formatDuration } from "../format.ts";

export type Bucket = EventHistogram["buckets"][number];

/** A round number at or above `value`: 1, 2, 5 times a power of ten; at least 1. */
export function niceCeiling(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((s) => s * power >= value) ?? 10;
  return step * power;
}

/** Total of a bucket. */
export function bucketTotal(bucket: Bucket): number {
  return SEVERITIES.reduce((sum, severity) => sum + bucket[severity], 0);
}

/** Least height of a segment in px: one critical event among thousands must be seen. */
const LEAST_PX: Readonly<Record<Severity, number>> = { info: 1, warning: 1.5, high: 3, critical: 4 };

/** Segments of a stacked bar in px from the bottom up, worst lowest, so that rare ones have a steady base; pure. */
export function stack(
  bucket: Bucket,
  pxPerEvent: number,
): readonly { readonly severity: Severity; readonly from: number; readonly to: number }[] {
  let sum = 0;
  return SEVERITIES.toReversed()
    .filter((severity) => bucket[severity] > 0)
    .map((severity) => {
      const from = sum;
      sum += Math.max(LEAST_PX[severity], bucket[severity] * pxPerEvent);
      return { severity, from, to: sum };
    });
}

const STEPS_MS = [
  1e3,
  5e3,
  15e3,
  30e3,
  60e3,
  300e3,
  900e3,
  1800e3,
  3600e3,
  3 * 3600e3,
  6 * 3600e3,
  12 * 3600e3,
  86_400e3,
  2 * 86_400e3,
  7 * 86_400e3,
];

/** Round times inside a span, at most `most`; aligned to the viewer's zone (`offsetMin` as Date gives it). */
export function timeTicks(fromMs: number, toMs: number, most: number, offsetMin: number): number[] {
  const step = STEPS_MS.find((s) => (toMs - fromMs) / s <= most) ?? (toMs - fromMs) / most;
  const shift = offsetMin * 60_000;
  const ticks: number[] = [];
  for (let t = Math.ceil((fromMs - shift) / step) * step + shift; t <= toMs; t += step) ticks.push(t);
  return ticks;
}

/** Room around the columns of a plot, px. */
export const PLOT = { left: 44, top: 6, bottom: 20 } as const;

/** Where times and counts lie in a plot, px. */
export interface PlotScale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly most: number;
  readonly width: number;
  readonly height: number;
  readonly x: (ms: number) => number;
  readonly y: (count: number) => number;
  /** The time at a place; places outside count as the nearest end. */
  readonly timeAt: (px: number) => number;
  /** A column by its beginning, cut at both ends of the plot. */
  readonly column: (ms: number) => { readonly x: number; readonly width: number };
  /** A stretch of time, cut likewise, and wide enough to be seen. */
  readonly stretch: (fromMs: number, toMs: number) => { readonly x: number; readonly width: number };
}

/** Narrowest stretch that is drawn, px. */
export const LEAST_STRETCH_PX = 3;

/** The scale of a plot of this size. Pure. */
export function plotScale(
  of: Readonly<Record<"fromMs" | "toMs" | "stepMs" | "most" | "width" | "height", number>>,
): PlotScale {
  const { fromMs, toMs, stepMs, most, width, height } = of;
  const span = Math.max(1, toMs - fromMs);
  const plotWidth = Math.max(1, width - PLOT.left);
  const plotHeight = height - PLOT.bottom - PLOT.top;
  const x = (ms: number): number => PLOT.left + ((ms - fromMs) / span) * plotWidth;
  const within = (px: number): number => Math.max(PLOT.left, Math.min(Math.max(PLOT.left, width), px));
  return {
    ...of,
    x,
    y: (count) => PLOT.top + plotHeight - (count / most) * plotHeight,
    timeAt: (px) => fromMs + ((within(px) - PLOT.left) / plotWidth) * span,
    column: (ms) => {
      const left = within(x(ms));
      return { x: left, width: Math.max(1, within(x(ms + stepMs)) - left - 1) };
    },
    stretch: (from, to) => {
      const left = within(x(from));
      return { x: left, width: Math.max(LEAST_STRETCH_PX, within(x(to)) - left) };
    },
  };
}

/** A width of columns behind "per": `min`, `2 min`, `30 s`, `h`. Pure. */
export function stepWords(ms: number): string {
  return formatDuration(ms)
    .replace(/\.0(?= )/, "")
    .replace(/^1 /, "");
}
