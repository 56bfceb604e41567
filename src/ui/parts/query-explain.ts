import type { EventFilter } from "../../core/api/events.ts";
import { EVENT_KINDS } from "../../core/event/kinds.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { kindTitle } from "../words.ts";

function anyOf(values: readonly string[]): string {
  if (values.length <= 1) return values[0] ?? "";
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

const quoted = (text: string): string => `“${text}”`;

/** What a filter shows, as one sentence without its time range; pure. */
export function explainFilter(filter: EventFilter): string {
  const parts: string[] = [];
  if (filter.kind?.length === 0) return "No event: every kind is excluded.";
  if (filter.kind) {
    const left = EVENT_KINDS.filter((kind) => !filter.kind?.includes(kind));
    parts.push(
      left.length < filter.kind.length
        ? `of every kind but ${anyOf(left.map((kind) => quoted(kindTitle(kind))))}`
        : `of the kind ${anyOf(filter.kind.map((kind) => quoted(kindTitle(kind))))}`,
    );
  }
  if (filter.severity && filter.severity.length < SEVERITIES.length)
    parts.push(`that are ${anyOf(SEVERITIES.filter((severity) => filter.severity?.includes(severity)))}`);
  if (filter.node_name) parts.push(`on ${anyOf(filter.node_name)}`);
  if (filter.sensor_id)
    parts.push(`from ${filter.sensor_id.length === 1 ? "one sensor" : `${filter.sensor_id.length} sensors`} by id`);
  if (filter.process_executable) parts.push(`by the program ${filter.process_executable}`);
  if (filter.exec_id) parts.push("by one very process");
  if (filter.container_id) parts.push(`in the container ${filter.container_id.slice(0, 12)}`);
  const words = filter.q?.split(/\s+/).filter(Boolean) ?? [];
  if (words.length > 0)
    parts.push(
      `with ${words.length === 1 ? quoted(words[0]!) : `all of ${words.map(quoted).join(", ")}`} in message, program, arguments, path, address or name`,
    );
  return parts.length === 0 ? "Every event." : `Events ${parts.join(", ")}.`;
}
