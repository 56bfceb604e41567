import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { PageHead } from "../../frame/frame.tsx";
import { bindKeys } from "../../keys.ts";
import { Token } from "../../parts/chip.tsx";
import { Histogram } from "../../parts/histogram.tsx";
import { explainFilter } from "../../parts/query-explain.ts";
import { QueryBar } from "../../parts/query-bar.tsx";
import { Skeleton, StaleBanner } from "../../parts/states.tsx";
import { formatCount, plural } from "../../format.ts";
import { navigate, withRange } from "../../router.ts";
import { setTimeRange } from "../../time-range.ts";
import { EventPane } from "./event-pane.tsx";
import { EventList } from "./event-list.tsx";
import { FilterMenus } from "./filter-menus.tsx";
import { filterTokens, mergeFilter } from "./filter.ts";
import { createEventsState, type EventsState } from "./state.ts";

const GROUP = "Events";

function keysOf(state: EventsState) {
  return bindKeys([
    { keys: "/", group: GROUP, label: "Write a search", run: () => document.getElementById("query-input")?.focus() },
    { keys: "j", group: GROUP, label: "Next event", run: () => state.step(1) },
    { keys: "k", group: GROUP, label: "Previous event", run: () => state.step(-1) },
    {
      keys: "Enter",
      group: GROUP,
      label: "Event as a page",
      run: () => state.selectedId.value && navigate(`/events/${encodeURIComponent(state.selectedId.value)}`),
    },
    {
      keys: "t",
      group: GROUP,
      label: "Lineage of the event",
      run: () => state.selectedId.value && navigate(`/lineage/event/${encodeURIComponent(state.selectedId.value)}`),
    },
    { keys: "n", group: GROUP, label: "Show new events", run: state.showPending },
    { keys: "f", group: GROUP, label: "Follow new events", run: () => state.setFollow(!state.follow.value) },
    { keys: "Escape", group: GROUP, label: "Close the pane", run: () => state.selectedId.value && state.select(null) },
  ]);
}

/** Search over events, their histogram, the live tail, and the event at hand beside them. */
export function EventsPage(): JSX.Element {
  const [state] = useState(createEventsState);
  useEffect(() => state.start(), [state]);
  useEffect(() => keysOf(state), [state]);
  const id = state.selectedId.value;
  return (
    <div class={`page page-fill${id ? " page-with-pane" : ""}`}>
      <div class="page-list">
        <PageHead title="Investigate" note={<Summary state={state} />} actions={<FilterMenus state={state} />} />
        <Search state={state} />
        <HistogramRow state={state} />
        <EventList state={state} />
      </div>
      {id && (
        <EventPane
          id={id}
          loaded={state.detail.state.value}
          onRetry={() => state.detail.load({ fresh: true })}
          onClose={() => state.select(null)}
        />
      )}
    </div>
  );
}

function Summary({ state }: { state: EventsState }): JSX.Element | null {
  const data = state.histogram.state.value.data;
  if (!data) return null;
  const lost = data.blind.reduce((sum, b) => sum + b.count, 0);
  return (
    <>
      {plural(data.total, "event")}
      {lost > 0 && (
        <>
          {" · "}
          <a class="tone-warning" href={withRange("/losses", { sensor: state.filter.value.sensor_id?.join(",") })}>
            {formatCount(lost)} known to be lost in {plural(data.blind.length, "blind range")}
          </a>
        </>
      )}
    </>
  );
}

function Search({ state }: { state: EventsState }): JSX.Element {
  const tokens = filterTokens(state.filter.value);
  const seen = {
    node: [...new Set(state.rows.value.map((row) => row.node_name))],
    process: [...new Set(state.rows.value.map((row) => row.process_executable).filter(Boolean))],
    container: [...new Set(state.rows.value.map((row) => row.container_id).filter(Boolean))],
  };
  return (
    <QueryBar
      onFilter={state.addFilter}
      onRemoveLast={() => tokens.length > 0 && state.setFilter(tokens.at(-1)!.without)}
      seen={seen}
      explain={(more) => explainFilter(mergeFilter(state.filter.value, more))}
    >
      {tokens.map((token) => (
        <Token
          key={token.field}
          field={token.field}
          value={token.field === "sensor" ? nodesOf(state, token.value) : token.value}
          title={token.value}
          onRemove={() => state.setFilter(token.without)}
        />
      ))}
    </QueryBar>
  );
}

/** Sensors by the names of their nodes, as far as an event in the list tells them. */
function nodesOf(state: EventsState, ids: string): string {
  const name = (id: string): string => state.rows.value.find((row) => row.sensor_id === id)?.node_name ?? id;
  return ids.split(", ").map(name).join(", ");
}

function HistogramRow({ state }: { state: EventsState }): JSX.Element {
  const loaded = state.histogram.state.value;
  const failure = loaded.failure && loaded.data === undefined;
  return (
    <div class="histogram-row">
      {loaded.data ? (
        <>
          <StaleBanner loaded={loaded} onRetry={() => state.histogram.load()} />
          <Histogram data={loaded.data} onSelect={(fromMs, toMs) => setTimeRange({ fromMs, toMs })} />
        </>
      ) : failure ? (
        <p class="faint">The histogram could not be drawn: {loaded.failure?.message}</p>
      ) : (
        <Skeleton rows={1} height={112} />
      )}
    </div>
  );
}
