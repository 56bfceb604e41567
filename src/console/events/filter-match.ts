import type { StoredEvent } from "../stores/runtime-event-row.ts";
import { asciiLower, type Condition, type FilterColumn, type TimeRange } from "./filter.ts";

/** An event made ready for many filters: its search text is built at most once. */
export interface Matchable {
  readonly stored: StoredEvent;
  /** What the `search` column of ClickHouse holds for it. */
  readonly search: string;
}

/** Wraps an event for matching. */
export function matchable(stored: StoredEvent): Matchable {
  let search: string | undefined;
  return {
    stored,
    get search() {
      if (search === undefined) {
        const { message, process, file, network, dns } = stored.event;
        search = asciiLower(
          [
            message,
            process?.binary ?? "",
            process?.argv.slice(1).join(" ") ?? "",
            file?.path ?? "",
            network?.remote_addr ?? "",
            network?.dns_hostname ?? dns?.query ?? "",
            stored.nodeName,
          ].join(" "),
        );
      }
      return search;
    },
  };
}

function columnValue(stored: StoredEvent, column: FilterColumn): string {
  switch (column) {
    case "event_kind":
      return stored.event.kind;
    case "severity":
      return stored.event.severity;
    case "sensor_id":
      return stored.sensorId;
    case "node_name":
      return stored.nodeName;
    case "process_executable":
      return stored.event.process?.binary ?? "";
    case "exec_id":
      return stored.event.process?.exec_id ?? "";
  }
}

function holds(condition: Condition, event: Matchable): boolean {
  switch (condition.op) {
    case "in":
      return condition.values.includes(columnValue(event.stored, condition.column));
    case "file_name": {
      const binary = columnValue(event.stored, "process_executable");
      return binary === condition.value || binary.endsWith(`/${condition.value}`);
    }
    case "container_prefix":
      return (event.stored.event.workload?.container_id ?? "").startsWith(condition.value);
    case "word":
      return event.search.includes(condition.value);
  }
}

/** Says of an event what `filterSql` says of its row. Without a range, time does not matter. */
export function matches(conditions: readonly Condition[], event: Matchable, range?: TimeRange): boolean {
  const at = event.stored.event.observed_at_us;
  if (range && (at < range.fromUs || at >= range.toUs)) return false;
  return conditions.every((condition) => holds(condition, event));
}
