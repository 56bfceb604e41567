import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { LossRange } from "../../../core/api/losses.ts";
import type { SensorResources } from "../../../core/api/sensors.ts";
import { formatBytes, formatDuration, formatMoment, formatPercent, formatRate } from "../../format.ts";
import { Segments } from "../../parts/field.tsx";
import { BlindLegend, BlindPatterns, lostWords, mergeBlind } from "../../parts/blind.tsx";
import { LineChart } from "../../parts/line-chart.tsx";
import { Section } from "../../parts/pane.tsx";
import { Await, Skeleton } from "../../parts/states.tsx";
import { RESOURCE_RANGES, type SensorState } from "./state.ts";

const NONE: readonly LossRange[] = [];
type Point = SensorResources["points"][number];
type Measure = Exclude<keyof Point, "at">;

interface Chart {
  readonly title: string;
  readonly series: readonly (readonly [string, Measure])[];
  readonly format: (value: number) => string;
  readonly most?: number;
}

/** Heartbeats missed before silence is said. */
const SILENT_STEPS = 3;

const rate = (value: number): string => `${formatBytes(value)}/s`;
const CHARTS: readonly Chart[] = [
  { title: "Events a second", series: [["events", "events_per_sec"]], format: (v) => `${formatRate(v)}/s` },
  { title: "Waiting on the node", series: [["events", "spool_depth"]], format: formatRate },
  { title: "Host CPU", series: [["cpu", "cpu_percent"]], format: formatPercent, most: 100 },
  { title: "Host memory", series: [["memory", "memory_percent"]], format: formatPercent, most: 100 },
  {
    title: "Host network",
    series: [
      ["in", "network_rx_bytes_per_sec"],
      ["out", "network_tx_bytes_per_sec"],
    ],
    format: rate,
  },
  { title: "Host disk", series: [["disk", "disk_percent"]], format: formatPercent, most: 100 },
  {
    title: "Telovix CPU",
    series: [
      ["sensor", "sensor_cpu_percent"],
      ["engine", "engine_cpu_percent"],
    ],
    format: formatPercent,
  },
  {
    title: "Telovix memory",
    series: [
      ["sensor", "sensor_rss_bytes"],
      ["engine", "engine_rss_bytes"],
    ],
    format: formatBytes,
  },
];

/** What the host and the sensor on it use; gaps are times when nothing was heard. */
export function ResourceCharts({ state }: { state: SensorState }): JSX.Element {
  return (
    <Section
      title="Resources"
      actions={
        <Segments
          label="Time"
          value={state.since.value}
          onChange={(value) => (state.since.value = value)}
          options={RESOURCE_RANGES.map((value) => ({ value, label: value.replace("h", " h").replace("d", " d") }))}
        />
      }
    >
      <Await
        loaded={state.resources.state.value}
        onRetry={() => state.resources.load()}
        skeleton={<Skeleton rows={3} height={96} />}
      >
        {(data) =>
          data.points.length === 0 ? (
            <p class="calm">No measures in this time. They come with each heartbeat, every 15 seconds.</p>
          ) : (
            <Charts data={data} losses={state.losses.state.value.data?.ranges ?? NONE} />
          )
        }
      </Await>
    </Section>
  );
}

function Charts({ data, losses }: { data: SensorResources; losses: readonly LossRange[] }): JSX.Element {
  const atMs = useMemo(() => data.points.map((point) => Date.parse(point.at)), [data]);
  const toMs = useMemo(() => Date.now(), [data]);
  const blind = useMemo(
    // Ranges that would touch on so small a chart are drawn as one.
    () =>
      mergeBlind(losses, (toMs - (atMs[0] ?? toMs)) / 100).map((b) => ({
        ...b,
        words: `Blind: ${lostWords(b.count, b.unknown)}`,
      })),
    [losses, toMs],
  );
  const charts = useMemo(
    () =>
      CHARTS.map((chart) => ({
        ...chart,
        values: chart.series.map(([label, measure]) => ({ label, values: data.points.map((point) => point[measure]) })),
      })),
    [data],
  );
  const lastMs = atMs.at(-1) ?? toMs;
  const silentMs = toMs - lastMs;
  return (
    <>
      {silentMs > data.step_secs * SILENT_STEPS * 1000 && (
        <p class="tone-warning">
          No measures since {formatMoment(lastMs, toMs)}, {formatDuration(silentMs)} ago. The figures are the last
          known.
        </p>
      )}
      <div class="charts">
        {charts.map((chart) => (
          <LineChart
            key={chart.title}
            title={chart.title}
            atMs={atMs}
            stepSecs={data.step_secs}
            toMs={toMs}
            series={chart.values}
            format={chart.format}
            {...(chart.most === undefined ? {} : { most: chart.most })}
            // Host measures have no hole: only what events are made of is blind.
            {...(chart.title === "Events a second" ? { blind } : {})}
          />
        ))}
      </div>
      {blind.length > 0 && (
        <>
          <svg width="0" height="0" aria-hidden="true" class="patterns">
            <BlindPatterns />
          </svg>
          <BlindLegend blind late={false} />
        </>
      )}
    </>
  );
}
