import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LossRange, LossReport } from "../../../core/api/losses.ts";
import { LOSS_STAGES } from "../../../core/event/loss-causes.ts";
import { now } from "../../clock.ts";
import { formatCount, plural } from "../../format.ts";
import { PageHead } from "../../frame/frame.tsx";
import { causeWords } from "../../parts/blind.tsx";
import { Button } from "../../parts/button.tsx";
import { Token } from "../../parts/chip.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/pane.tsx";
import { Await } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { navigate } from "../../router.ts";
import { can } from "../../session.ts";
import { rangeLabel, timeRange } from "../../time-range.ts";
import { Causes } from "./causes.tsx";
import { LOSS_COLUMNS, lossKey, narrowLoss } from "./columns.tsx";
import { IntegritySection } from "./integrity-section.tsx";
import { LossChart } from "./loss-chart.tsx";
import { TopSensors } from "./top-sensors.tsx";
import { createLossesState, type LossesState, type LossFilterName } from "./state.ts";
import { clearSince, eventsAround, stageTone, stageWords } from "./words.ts";

/** What of the events was lost, where and why; and what proves the rest. */
export function LossesPage(): JSX.Element {
  const [state] = useState(createLossesState);
  useEffect(() => state.start(), [state]);
  const report = state.report.state.value.data;
  const sensorId = state.filter.value["sensor"];
  const named = state.sensor.state.value.data;
  const nodeName = named?.sensor_id === sensorId ? named?.node_name : undefined;
  return (
    <div class="page page-scroll losses">
      <PageHead title="Losses" note={report && <Note report={report} />} />
      <Filters state={state} nodeName={nodeName} />
      <Await loaded={state.report.state.value} onRetry={() => state.report.load()}>
        {(data) => (
          <div class="stack stack-6">
            {data.totals.count === 0 && data.totals.unknown === 0 ? (
              <Clear report={data} filtered={Object.values(state.filter.value).some((value) => value !== null)} />
            ) : (
              <Found state={state} report={data} />
            )}
            <IntegritySection state={state} nodeName={nodeName} />
          </div>
        )}
      </Await>
    </div>
  );
}

function Note({ report: { totals } }: { report: LossReport }): JSX.Element | null {
  if (totals.count === 0 && totals.unknown === 0) return null;
  return (
    <>
      {totals.unknown > 0 && totals.count > 0 && "at least "}
      {totals.count > 0 ? plural(totals.count, "event") : "an unknown number of events"} lost on{" "}
      {plural(totals.sensors, "sensor")}
    </>
  );
}

const FILTER_WORDS: Readonly<Record<LossFilterName, string>> = { sensor: "Sensor", stage: "Where", cause: "Cause" };

function Filters({ state, nodeName }: { state: LossesState; nodeName: string | undefined }): JSX.Element | null {
  const words: Readonly<Record<LossFilterName, (value: string) => string>> = {
    sensor: (value) => nodeName ?? value,
    stage: stageWords,
    cause: causeWords,
  };
  const set = (Object.keys(FILTER_WORDS) as LossFilterName[]).flatMap((name) => {
    const value = state.filter.value[name];
    return value === null || value === undefined ? [] : [{ name, value }];
  });
  if (set.length === 0) return null;
  return (
    <div class="row row-wrap losses-filter">
      {set.map(({ name, value }) => (
        <Token
          key={name}
          field={FILTER_WORDS[name]}
          value={words[name](value)}
          title={value}
          onRemove={() => state.narrow(name, null)}
        />
      ))}
    </div>
  );
}

/** Nothing was lost: that is what this product is for, so it is said. */
function Clear({ report, filtered }: { report: LossReport; filtered: boolean }): JSX.Element {
  const since = clearSince(report, now.value);
  const span = rangeLabel(timeRange.value, now.value);
  const when = span.startsWith("Last") ? `in the ${span.toLowerCase()}` : `between ${span.replace(" – ", " and ")}`;
  return (
    <div class="losses-clear">
      <span class="losses-clear-mark">
        <Icon name="check" size={20} />
      </span>
      <div>
        <h2>Nothing was lost {when}</h2>
        <p class="prose quiet">
          {filtered && "As far as this filter goes. "}
          {since} Every event is numbered where it is born, and every place that can drop one counts here: kernel,
          engine, queue, network, store.
        </p>
      </div>
    </div>
  );
}

function Found({ state, report }: { state: LossesState; report: LossReport }): JSX.Element {
  const present = report.totals.stages.map(({ stage }) => stage);
  const stages = [
    ...LOSS_STAGES.filter((stage) => present.includes(stage)),
    ...present.filter((s) => !LOSS_STAGES.includes(s as never)),
  ];
  const active = state.filter.value["stage"];
  return (
    <>
      <div class="stack stack-2">
        <LossChart report={report} stages={stages} />
        <ul class="legend legend-stages" aria-label="Where events were lost">
          {stages.map((stage) => {
            const total = report.totals.stages.find((s) => s.stage === stage);
            return (
              <li key={stage}>
                <button
                  type="button"
                  class="legend-item"
                  aria-pressed={active === stage}
                  onClick={() => state.narrow("stage", active === stage ? null : stage)}
                >
                  <span class={`tip-key ${stageTone(stage)}`} aria-hidden="true" />
                  {stageWords(stage)}
                  <span class="figure">{formatCount(total?.count ?? 0)}</span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
      <div class="losses-who-why">
        <Section title="Why, and what helps">
          <Causes totals={report.totals} onPick={(cause) => state.narrow("cause", cause)} />
        </Section>
        {state.filter.value["sensor"] === null && report.totals.sensors > 1 && (
          <Section
            title="Which sensors"
            count={
              report.totals.sensors > report.totals.top_sensors.length
                ? `${report.totals.top_sensors.length} that lost most, of ${formatCount(report.totals.sensors)}`
                : formatCount(report.totals.sensors)
            }
          >
            <TopSensors totals={report.totals} />
          </Section>
        )}
      </div>
      <Section title="When and where">
        <Table
          label="Losses"
          rows={state.ranges.value}
          columns={LOSS_COLUMNS}
          rowKey={lossKey}
          narrow={narrowLoss}
          active={state.active.value}
          onActive={(key) => {
            state.active.value = key;
          }}
          {...(can("analyst") ? { onOpen: (row: LossRange) => navigate(eventsAround(row)) } : {})}
          fit
        />
        {state.next.value !== null && (
          <div class="row losses-more">
            <Button busy={state.fetching.value} onClick={() => void state.more()}>
              Show more
            </Button>
          </div>
        )}
      </Section>
    </>
  );
}
