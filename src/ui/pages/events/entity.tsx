import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EventFilter, EventHistogram } from "../../../core/api/events.ts";
import { SEVERITIES } from "../../../core/event/severity.ts";
import { api } from "../../api.ts";
import { formatCount, plural } from "../../format.ts";
import { EntityChip, type EntityKind } from "../../parts/chip.tsx";
import { HoverCard } from "../../parts/hover-card.tsx";
import { createResource } from "../../resource.ts";
import { sentence } from "../../words.ts";
import { filterParams } from "./filter.ts";
import { valueMenu } from "./pivots.tsx";

/** What an event speaks of: its chip, the menu of pivots, and on hover how often it was met in the last day. */
export function Entity(props: {
  kind: EntityKind;
  text: string;
  /** As in "all events of …": `this file`. */
  what: string;
  filter: EventFilter;
  /** Value in full, when `text` is short for it. */
  full?: string;
}): JSX.Element {
  return (
    <HoverCard card={() => <Card {...props} />}>
      <EntityChip kind={props.kind} text={props.text} menu={valueMenu(props.what, props.filter)} />
    </HoverCard>
  );
}

function Card({ what, text, full, filter }: Parameters<typeof Entity>[0]): JSX.Element {
  const [day] = useState(() =>
    createResource<EventHistogram>((abort) => api.histogram({ ...filterParams(filter), since: "24h" }, abort)),
  );
  useEffect(() => {
    day.load();
    return day.stop;
  }, [day]);
  const { data, failure } = day.state.value;
  const worst = data && SEVERITIES.findLast((severity) => data.buckets.some((bucket) => bucket[severity] > 0));
  const first = data?.buckets.find((bucket) => SEVERITIES.some((severity) => bucket[severity] > 0));
  return (
    <>
      <p class="faint">{sentence(what)}</p>
      <p class="machine wrap-anywhere">{full ?? text}</p>
      <p class="hover-fact">
        {failure
          ? "How often it was met is not known just now."
          : data === undefined
            ? "Counting the last 24 hours…"
            : data.total === 0
              ? "Not met in the last 24 hours."
              : `${plural(data.total, "event")} in the last 24 hours`}
        {worst && worst !== "info" && first && data && (
          <span class={`tone-${worst}`}>
            , {formatCount(data.buckets.reduce((sum, bucket) => sum + bucket[worst], 0))} {worst}
          </span>
        )}
      </p>
    </>
  );
}
