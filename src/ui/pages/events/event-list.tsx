import type { JSX } from "preact";
import { lastHeardMs, liveState, paused, pausedAtMs, setPaused } from "../../live.ts";
import { Button } from "../../parts/button.tsx";
import { Banner, Empty, Failure, Skeleton } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { formatClock, formatCount, plural } from "../../format.ts";
import { navigate } from "../../router.ts";
import { setTimeRange } from "../../time-range.ts";
import { EVENT_COLUMNS, eventColumnChoice, narrowEvent } from "./columns.tsx";
import { filterTokens } from "./filter.ts";
import type { EventsState } from "./state.ts";

/** The list, with what is new above it and what is left out said. */
export function EventList({ state }: { state: EventsState }): JSX.Element {
  const rows = state.rows.value;
  const failure = state.failure.value;
  if (rows.length === 0 && state.loading.value)
    return (
      <div class="panel panel-fill">
        <Skeleton rows={14} />
      </div>
    );
  if (failure && (rows.length === 0 || state.loadedAtMs.value === 0))
    return (
      <div class="panel panel-fill">
        <Failure failure={failure} onRetry={() => void state.search()} />
      </div>
    );
  return (
    <div class="panel panel-fill">
      {failure && (
        <Banner
          tone="warning"
          action={
            <Button kind="quiet" onClick={() => void state.search()}>
              Try again
            </Button>
          }
        >
          <strong>No new data since {formatClock(state.loadedAtMs.value)}.</strong> {failure.message}
        </Banner>
      )}
      <NewRows state={state} />
      {rows.length === 0 ? (
        <NoEvents state={state} />
      ) : (
        <div class={state.loading.value ? "list-busy panel-fill" : "panel-fill"} aria-busy={state.loading.value}>
          <Table
            label="Events"
            rows={rows}
            columns={EVENT_COLUMNS}
            choice={eventColumnChoice}
            rowKey={(row) => row.event_id}
            narrow={narrowEvent}
            active={state.selectedId.value}
            onActive={(key) => state.select(key)}
            onOpen={(row) => navigate(`/events/${encodeURIComponent(row.event_id)}`)}
            clickOpens={false}
            rowTone={(row) => (row.kind === "engine_loss" ? "row-blind" : "")}
            onEnd={() => void state.more()}
            onTop={(atTop) => {
              state.atTop.value = atTop;
            }}
            footer={<Footer state={state} />}
          />
        </div>
      )}
    </div>
  );
}

function NewRows({ state }: { state: EventsState }): JSX.Element | null {
  if (!state.isLiveRange.value) return null;
  const count = state.pending.value.length;
  const passed = state.sampledOut.value + state.overflow.value;
  return (
    <div class="new-rows">
      {count > 0 ? (
        <button type="button" class="pill" onClick={state.showPending}>
          {formatCount(count)} new <kbd>n</kbd>
        </button>
      ) : (
        <LiveNote />
      )}
      {(passed > 0 || state.gap.value) && (
        <span
          class="faint"
          title="The live tail shows at most 100 events a second, and none while paused. A search shows them all."
        >
          {passed > 0 ? formatCount(passed) : "Some"} more were not shown.{" "}
          <button type="button" class="link" onClick={() => void state.search()}>
            Search again
          </button>{" "}
          shows them.
        </span>
      )}
      <span class="grow" />
      <label class="check">
        <input
          type="checkbox"
          checked={state.follow.value}
          onChange={(event) => state.setFollow(event.currentTarget.checked)}
        />
        Follow
      </label>
    </div>
  );
}

/** What to expect of the live tail right now: events, none because it is held, or none because nothing is heard. */
function LiveNote(): JSX.Element {
  if (liveState.value === "lost")
    return (
      <span class="tone-warning" role="status">
        No live events since {lastHeardMs.value > 0 ? formatClock(lastHeardMs.value) : "this page was opened"}: the
        Console can't be reached. Trying again by itself.
      </span>
    );
  if (paused.value)
    return (
      <span class="tone-warning" role="status">
        Paused since {formatClock(pausedAtMs.value)}: new events are not fetched.{" "}
        <button type="button" class="link" onClick={() => setPaused(false)}>
          Go on
        </button>
      </span>
    );
  return <span class="faint">New events are announced here</span>;
}

function NoEvents({ state }: { state: EventsState }): JSX.Element {
  const filtered = filterTokens(state.filter.value).length > 0;
  return (
    <Empty
      title={filtered ? "Nothing matches in this time" : "No events in this time"}
      action={
        <>
          {filtered && <Button onClick={() => state.setFilter({})}>Clear the filters</Button>}
          <Button onClick={() => setTimeRange({ since: "24h" })}>Look back 24 hours</Button>
        </>
      }
    >
      {filtered
        ? "Widen the time range at the top right, or take a filter away."
        : "Programs started, files touched and connections made on your nodes appear here within a second. If a sensor runs and nothing comes, its page says where events are held up."}
    </Empty>
  );
}

function Footer({ state }: { state: EventsState }): JSX.Element {
  const count = state.rows.value.length;
  const text = state.tailCut.value
    ? "Older events were let go to keep this page light. Search again to see them."
    : state.cursor.value === null
      ? `The end: ${plural(count, "event")}.`
      : "Fetching older events…";
  return <div class="table-end faint">{text}</div>;
}
