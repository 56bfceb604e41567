import type { ComponentChildren, JSX } from "preact";
import type { EventHistogram } from "../../core/api/events.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { formatCount } from "../format.ts";
import { sentence } from "../words.ts";
import {
  BlindLegend,
  BlindPatterns,
  BlindTip,
  lateStretches,
  lostWords,
  mergeBlind,
  type BlindRange,
} from "./blind.tsx";
import { bucketTotal, LEAST_STRETCH_PX, niceCeiling, PLOT, stack, type Bucket } from "./histogram-scale.ts";
import { TimePlot } from "./time-plot.tsx";

const HEIGHT = 112;
/** About the width of a plot: blind ranges that would touch on it are drawn as one. */
const USUAL_PX = 1000;

interface HistogramProps {
  data: EventHistogram;
  height?: number;
  onSelect?: ((fromMs: number, toMs: number) => void) | undefined;
}

/**
 * Events over time, stacked by severity; blind ranges are hatched, stretches that were filled in later dotted, and both are explained
 * below it where there are any. Dragging selects a range.
 */
export function Histogram({ data, height = HEIGHT, onSelect }: HistogramProps): JSX.Element {
  const fromMs = Date.parse(data.from);
  const toMs = Date.parse(data.to);
  const stepMs = data.step_secs * 1000;
  const blind = mergeBlind(data.blind, ((toMs - fromMs) * LEAST_STRETCH_PX) / USUAL_PX);
  const late = lateStretches(data.buckets, stepMs);
  const counts = SEVERITIES.toReversed().map((s) => `${formatCount(data.buckets.reduce((n, b) => n + b[s], 0))} ${s}`);
  const told = blind.slice(0, 5).map((b) => `Blind, ${lostWords(b.count, b.unknown)}.`);
  return (
    <>
      <TimePlot
        fromMs={fromMs}
        toMs={toMs}
        stepMs={stepMs}
        most={niceCeiling(Math.max(0, ...data.buckets.map(bucketTotal)))}
        height={height}
        unit="events"
        label={`${formatCount(data.total)} events over time: ${counts.join(", ")}. ${told.join(" ")}`}
        onSelect={onSelect}
        tip={(ms) => {
          const bucket = data.buckets.find((b) => ms >= Date.parse(b.at) && ms < Date.parse(b.at) + stepMs);
          const here = blind.filter((b) => ms >= b.fromMs && ms <= Math.max(b.toMs, b.fromMs + stepMs / 2));
          if (!bucket && here.length === 0) return undefined;
          return { columnMs: bucket && Date.parse(bucket.at), body: <Tip bucket={bucket} blind={here} /> };
        }}
      >
        {({ y, most, column, stretch }): ComponentChildren => (
          <>
            <BlindPatterns />
            {data.buckets.map((bucket) =>
              stack(bucket, (y(0) - y(most)) / most).map((part) => (
                <rect
                  key={bucket.at + part.severity}
                  class={`fill-${part.severity}`}
                  {...column(Date.parse(bucket.at))}
                  // The least heights of rare severities may add up to more than there is.
                  y={Math.max(y(most), y(0) - part.to)}
                  height={Math.max(0, Math.min(part.to, y(0) - y(most)) - part.from)}
                />
              )),
            )}
            {/* Over the columns: a blind range is seen however many events there are. */}
            {blind.map((b) => (
              <rect
                key={b.fromMs}
                class="blind"
                {...stretch(b.fromMs, b.toMs)}
                y={PLOT.top}
                height={y(0) - y(most)}
                fill="url(#hatch)"
              />
            ))}
            {late.map((s) => (
              <rect
                key={s.fromMs}
                {...stretch(s.fromMs, s.toMs)}
                y={PLOT.top}
                height={y(0) - y(most)}
                fill="url(#dots)"
              />
            ))}
          </>
        )}
      </TimePlot>
      <BlindLegend blind={data.blind.length > 0} late={late.length > 0} />
    </>
  );
}

function Tip({ bucket, blind }: { bucket: Bucket | undefined; blind: readonly BlindRange[] }): JSX.Element {
  return (
    <>
      {bucket &&
        SEVERITIES.toReversed().map((s) =>
          bucket[s] > 0 ? (
            <div key={s} class="tip-row">
              <span class={`tip-key fill-${s}`} />
              <span class="grow">{sentence(s)}</span>
              <span>{formatCount(bucket[s])}</span>
            </div>
          ) : null,
        )}
      {bucket && bucketTotal(bucket) === 0 && <div class="faint">No events</div>}
      {bucket && bucket.late > 0 && (
        <div class="tip-row">
          <span class="tip-key tip-key-late" />
          <span class="grow">Of these, came later</span>
          <span>{formatCount(bucket.late)}</span>
        </div>
      )}
      <BlindTip ranges={blind} />
    </>
  );
}
