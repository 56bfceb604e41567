import type { EventDetail, EventFilter } from "../../../core/api/events.ts";
import type { MenuEntry } from "../../parts/menu.tsx";
import { baseName } from "../../format.ts";
import { query } from "../../router.ts";
import { rangeParams, timeRange } from "../../time-range.ts";
import { eventsHref, excludeKind, mergeFilter, parseFilter } from "./filter.ts";

const FLEET_RANGE = { since: "30d", from: null, to: null };

/** What can be done with a value: narrow the list to it, look for it alone, look for it on every host. */
export function valueMenu(what: string, filter: EventFilter): MenuEntry[] {
  const now = parseFilter(query.peek());
  const range = rangeParams(timeRange.peek());
  return [
    { label: "Add to this search", icon: "filter", href: eventsHref(mergeFilter(now, filter), range) },
    { label: `All events of ${what}`, icon: "search", href: eventsHref(filter, range) },
    { label: "Where else, last 30 days", icon: "sensors", href: eventsHref(filter, FLEET_RANGE) },
    {
      label: "Copy",
      icon: "copy",
      onSelect: () => void navigator.clipboard?.writeText(Object.values(filter).flat().join(" ")),
    },
  ];
}

/** Pivots of a whole event. */
export function eventPivots(event: EventDetail): MenuEntry[] {
  const range = rangeParams(timeRange.peek());
  const now = parseFilter(query.peek());
  const here = { sensor_id: [event.sensor_id] };
  const { file, network } = event.event;
  const list: MenuEntry[] = [];
  if (event.exec_id)
    list.push({ label: "Same process", icon: "process", href: eventsHref({ ...here, exec_id: event.exec_id }, range) });
  if (event.process_executable)
    list.push({
      label: `Same program on every host: ${baseName(event.process_executable)}`,
      icon: "sensors",
      href: eventsHref({ process_executable: event.process_executable }, FLEET_RANGE),
    });
  if (file) list.push({ label: "Same file", icon: "file", href: eventsHref({ q: file.path }, range) });
  if (network?.remote_addr)
    list.push({
      label: `Same address: ${network.remote_addr}`,
      icon: "network",
      href: eventsHref({ q: network.remote_addr }, range),
    });
  if (event.container_id)
    list.push({
      label: "Same container",
      icon: "container",
      href: eventsHref({ container_id: event.container_id }, range),
    });
  list.push({ label: "Same node", icon: "sensors", href: eventsHref(here, range) });
  list.push("line", {
    label: "Exclude this kind",
    icon: "minus",
    href: eventsHref(excludeKind(now, event.kind), range),
  });
  return list;
}
