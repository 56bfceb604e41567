import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SensorList } from "../../../core/api/sensors.ts";
import { now } from "../../clock.ts";
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
import { can } from "../../session.ts";
import { EVENTS_ARE_FOR_ANALYSTS, kindTitle } from "../../words.ts";
import { EVENT_COLUMNS, narrowEvent } from "../events/columns.tsx";
import { FleetStrip } from "../sensors/fleet-strip.tsx";
import { Arrival } from "./arrival.tsx";
import { fleetSize, isYoung } from "./arrival-phase.ts";
import { countBy, createOverviewState, type OverviewState } from "./state.ts";

const KINDS_SHOWN = 8;

/** Is the fleet healthy, and what fired. */
export function OverviewPage(): JSX.Element {
  const [state] = useState(createOverviewState);
  useEffect(() => state.start(), [state]);
  const fleet = state.fleet.state.value.data;
  const arrival = state.arrival.value;
  return (
    <div class="page page-scroll">
      <Await loaded={state.fleet.state.value} onRetry={state.loadAll} skeleton={<Skeleton rows={10} />}>
        {(list) =>
          arrival ? (
            <Arrival phase={arrival} />
          ) : (
            <>
              <PageHead title={fleetSentence(list, now.value)} />
              <FleetStrip list={list} href={(health) => `/sensors?health_state=${health}`} />
            </>
          )
        }
      </Await>
      {fleet && !arrival && <Fired state={state} fleet={fleet} />}
    </div>
  );
}

/** The one thing to know first; pure. A sensor that has just joined is no cause for concern while it starts. */
export function fleetSentence(list: SensorList, nowMs: number): string {
  const all = fleetSize(list);
  const newest = list.sensors[0];
  const starting =
    newest !== undefined &&
    newest.health_state === "watch" &&
    isYoung(newest, nowMs) &&
    newest.health_reasons.every((reason) => reason.code === "engine_starting");
  const ill = all - list.health.healthy - (starting ? 1 : 0);
  if (ill > 0) return `${formatCount(ill)} of ${plural(all, "sensor")} ${ill === 1 ? "needs" : "need"} attention`;
  if (starting) return `${newest.node_name} has just joined and is starting`;
  if (all === 1) return newest ? `${newest.node_name} is healthy` : "The sensor is healthy";
  return `All ${formatCount(all)} sensors are healthy`;
}

function Fired({ state, fleet }: { state: OverviewState; fleet: SensorList }): JSX.Element {
  const needsAttention = fleet.health.healthy < fleetSize(fleet);
  if (!can("analyst"))
    return (
      <div class="overview overview-plain">
        {needsAttention && <Attention state={state} />}
        <p class="calm">{EVENTS_ARE_FOR_ANALYSTS}</p>
      </div>
    );
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
