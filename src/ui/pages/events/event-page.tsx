import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Await } from "../../parts/states.tsx";
import { createResource } from "../../resource.ts";
import { withRange } from "../../router.ts";
import { EventFields } from "./event-fields.tsx";
import { EventSummary } from "./event-pane.tsx";

/** One event as a page of its own. */
export function EventPage({ eventId }: { eventId: string }): JSX.Element {
  const [event] = useState(() => createResource((abort) => api.event(eventId, abort)));
  useEffect(() => {
    event.load();
    return event.stop;
  }, [event]);
  return (
    <div class="page page-read">
      <PageHead
        title="Event"
        actions={
          <a class="button button-quiet" href={withRange("/events")}>
            <Icon name="back" /> All events
          </a>
        }
      />
      <Await loaded={event.state.value} onRetry={() => event.load()}>
        {(data) => (
          <div class="event-page">
            <EventSummary event={data} />
            <div class="event-columns">
              <EventFields event={data} />
            </div>
          </div>
        )}
      </Await>
    </div>
  );
}
