import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SensorList } from "../../../core/api/sensors.ts";
import { PageHead } from "../../frame/frame.tsx";
import { BarList } from "../../parts/chip.tsx";
import { Histogram } from "../../parts/histogram.tsx";
import { HealthMark } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { Await, Skeleton } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { formatCount, plural } from "../../format.ts";
import { navigate, withRange } from "../../router.ts";
import { setTimeRange } from "../../time-range.ts";
import { kindTitle } from "../../words.ts";
import { EVENT_COLUMNS, narrowEvent } from "../events/columns.tsx";
import { FleetStrip } from "../sensors/fleet-strip.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { countBy, createOverviewState, type OverviewState } from "./state.ts";

const KINDS_SHOWN = 8;

/** Is the fleet healthy, and what fired. */
export function OverviewPage(): JSX.Element {
  const [state] = useState(createOverviewState);
  useEffect(() => state.start(), [state]);
  const fleet = state.fleet.state.value.data;
  return (
    <div class="page page-scroll">
      <Await loaded={state.fleet.state.value} onRetry={state.loadAll} skeleton={<Skeleton rows={10} />}>
        {(list) =>
          fleetSize(list) === 0 ? (
            <FirstSteps />
          ) : (
            <>
              <PageHead title={fleetSentence(list)} />
              <FleetStrip list={list} href={(health) => `/sensors?health_state=${health}`} />
            </>
          )
        }
      </Await>
      {fleet && fleetSize(fleet) > 0 && <Fired state={state} fleet={fleet} />}
    </div>
  );
}

function fleetSize(list: SensorList): number {
  return Object.values(list.health).reduce((a, b) => a + b, 0);
}

/** The one thing to know first; pure. */
export function fleetSentence(list: SensorList): string {
  const all = fleetSize(list);
  const ill = all - list.health.healthy;
  if (ill > 0) return `${formatCount(ill)} of ${plural(all, "sensor")} ${ill === 1 ? "needs" : "need"} attention`;
  return all === 1 ? "The sensor is healthy" : `All ${formatCount(all)} sensors are healthy`;
}

function Fired({ state, fleet }: { state: OverviewState; fleet: SensorList }): JSX.Element {
  const needsAttention = fleet.health.healthy < fleetSize(fleet);
  return (
    <div class="overview">
      <div class="overview-main">
        <EventsOverTime state={state} />
        <Serious state={state} />
      </div>
      <div class="overview-side">
        {needsAttention && <Attention state={state} />}
        <TopKinds state={state} />
      </div>
    </div>
  );
}

function EventsOverTime({ state }: { state: OverviewState }): JSX.Element {
  const loaded = state.histogram.state.value;
  return (
    <Section
      title="Events"
      count={loaded.data ? formatCount(loaded.data.total) : ""}
      actions={<a href={withRange("/events")}>Investigate</a>}
    >
      <Await loaded={loaded} onRetry={() => state.histogram.load()} skeleton={<Skeleton rows={1} height={132} />}>
        {(data) => <Histogram data={data} height={132} onSelect={(fromMs, toMs) => setTimeRange({ fromMs, toMs })} />}
      </Await>
    </Section>
  );
}

function Serious({ state }: { state: OverviewState }): JSX.Element {
  const loaded = state.serious.state.value;
  return (
    <Section title="High and critical" actions={<a href={withRange("/events?severity=high,critical")}>All of them</a>}>
      <Await loaded={loaded} onRetry={() => state.serious.load()} skeleton={<Skeleton rows={6} />}>
        {(data) =>
          data.events.length === 0 ? (
            <p class="calm">Nothing high or critical in this time.</p>
          ) : (
            <Table
              label="Newest high and critical events"
              rows={data.events}
              columns={EVENT_COLUMNS.filter((column) => column.id !== "pid" && column.id !== "process")}
              rowKey={(row) => row.event_id}
              narrow={narrowEvent}
              onOpen={(row) => navigate(withRange("/events", { severity: "high,critical", event: row.event_id }))}
              fit
            />
          )
        }
      </Await>
    </Section>
  );
}

function Attention({ state }: { state: OverviewState }): JSX.Element {
  const loaded = state.attention.state.value;
  return (
    <Section
      title="Needs attention"
      count={loaded.data ? formatCount(loaded.data.total) : ""}
      actions={<a href="/sensors?needs_attention=true">All of them</a>}
    >
      <Await loaded={loaded} onRetry={() => state.attention.load()} skeleton={<Skeleton rows={4} height={48} />}>
        {(data) => (
          <ul class="attention">
            {data.sensors.map((sensor) => (
              <li key={sensor.sensor_id}>
                <div class="row">
                  <a class="cut strong grow node-link" href={`/sensors/${sensor.sensor_id}`}>
                    {sensor.node_name}
                  </a>
                  <HealthMark state={sensor.health_state} />
                </div>
                {sensor.health_reasons.slice(0, 1).map((reason) => (
                  <p key={reason.code} class="quiet">
                    {reason.message} <span class="faint">{reason.action}</span>
                  </p>
                ))}
              </li>
            ))}
          </ul>
        )}
      </Await>
    </Section>
  );
}

function TopKinds({ state }: { state: OverviewState }): JSX.Element {
  const loaded = state.sample.state.value;
  const count = loaded.data?.events.length ?? 0;
  const note =
    loaded.data === undefined
      ? ""
      : loaded.data.next_cursor === null
        ? `of ${formatCount(count)}`
        : `of the last ${formatCount(count)}`;
  return (
    <Section title="Most frequent kinds" count={note}>
      <Await loaded={loaded} onRetry={() => state.sample.load()} skeleton={<Skeleton rows={5} height={24} />}>
        {(data) =>
          data.events.length === 0 ? (
            <p class="calm">No events in this time.</p>
          ) : (
            <BarList
              label="Most frequent kinds"
              items={countBy(data.events, (row) => row.kind, KINDS_SHOWN).map((item) => ({
                ...item,
                label: kindTitle(item.key),
                title: item.key,
                href: withRange(`/events?kind=${item.key}`),
              }))}
            />
          )
        }
      </Await>
    </Section>
  );
}
