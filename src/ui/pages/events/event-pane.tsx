import type { JSX } from "preact";
import type { EventDetail } from "../../../core/api/events.ts";
import type { Loaded } from "../../resource.ts";
import { Icon } from "../../parts/icon.tsx";
import { Menu } from "../../parts/menu.tsx";
import { SeverityMark } from "../../parts/marks.tsx";
import { Pane } from "../../parts/pane.tsx";
import { Await } from "../../parts/states.tsx";
import { Moment } from "../../parts/time.tsx";
import { kindTitle } from "../../words.ts";
import { EventFields } from "./event-fields.tsx";
import { eventPivots } from "./pivots.tsx";

/** What an event is, in three lines: used by pane and page. */
export function EventSummary({ event }: { event: EventDetail }): JSX.Element {
  return (
    <div class="event-summary">
      <div class="row row-wrap">
        <SeverityMark severity={event.severity} />
        <span>{kindTitle(event.kind)}</span>
        <a class="node-link" href={`/sensors/${event.sensor_id}`}>
          {event.node_name}
        </a>
        <Moment at={event.observed_at} millis />
      </div>
      <p class="event-message wrap-anywhere" title={event.message}>
        {event.message}
      </p>
      <div class="row row-wrap">
        {event.exec_id !== "" && (
          <a class="button button-plain" href={`/lineage/event/${encodeURIComponent(event.event_id)}`}>
            <Icon name="tree" /> Lineage
          </a>
        )}
        <Menu
          label="Pivot"
          button={
            <>
              <Icon name="search" /> Pivot <Icon name="chevronDown" size={12} />
            </>
          }
          items={eventPivots(event)}
        />
      </div>
    </div>
  );
}

/** The selected event beside the list. */
export function EventPane(props: {
  id: string;
  loaded: Loaded<EventDetail>;
  onRetry: () => void;
  onClose: () => void;
}): JSX.Element {
  return (
    <Pane
      label="Event"
      subject={props.id}
      title={<h2>Event</h2>}
      actions={
        <a
          class="icon-button"
          href={`/events/${encodeURIComponent(props.id)}`}
          title="Open as a page (Enter)"
          aria-label="Open as a page (Enter)"
        >
          <Icon name="full" />
        </a>
      }
      onClose={props.onClose}
    >
      <Await loaded={props.loaded} onRetry={props.onRetry}>
        {(event) => (
          <>
            <EventSummary event={event} />
            <EventFields event={event} />
          </>
        )}
      </Await>
    </Pane>
  );
}
