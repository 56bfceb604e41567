import type { JSX } from "preact";
import type { EventRow } from "../../../core/api/events.ts";
import { baseName } from "../../format.ts";
import type { Column } from "../../parts/column.ts";
import { columnChoice } from "../../parts/column-choice.tsx";
import { SeverityMark } from "../../parts/marks.tsx";
import { Ago, Moment } from "../../parts/time.tsx";
import { eventTime } from "../../prefs.ts";
import { kindTitle } from "../../words.ts";

function Time({ row }: { row: EventRow }): JSX.Element {
  return eventTime.value === "clock" ? <Moment at={row.observed_at} millis /> : <Ago at={row.observed_at} />;
}

/**
 * A message without what stands in columns of its own: `/usr/bin/curl (pid 7, uid 0) sent …` → `curl sent …`; pure. The
 * hover and the event itself show it whole.
 */
export function shortMessage(message: string): string {
  return message.replace(/^(\S*\/)?(\S+) \(pid \d+(?:, uid \d+)?\) /, "$2 ");
}

/** The reader's choice of columns, here and on the overview. */
export const eventColumnChoice = columnChoice("events");

/** Columns of every list of events. */
export const EVENT_COLUMNS: readonly Column<EventRow>[] = [
  {
    id: "time",
    label: "Time",
    width: "148px",
    headAction: {
      label: "Switch between clock time and how long ago",
      onClick: () => {
        eventTime.value = eventTime.value === "clock" ? "ago" : "clock";
      },
    },
    cell: (row) => <Time row={row} />,
  },
  {
    id: "severity",
    label: "Severity",
    width: "88px",
    hideBelow: 420,
    cell: (row) => <SeverityMark severity={row.severity} />,
  },
  {
    id: "kind",
    label: "Kind",
    width: "176px",
    hideBelow: 880,
    cell: (row) => (
      <span class="cut" title={row.kind}>
        {kindTitle(row.kind)}
      </span>
    ),
  },
  {
    id: "node",
    label: "Node",
    width: "112px",
    hideBelow: 560,
    cell: (row) => (
      <span class="cut" title={row.node_name}>
        {row.node_name}
      </span>
    ),
  },
  {
    id: "process",
    label: "Process",
    width: "128px",
    // What happened names the program already.
    optional: true,
    cell: (row) => (
      <span class="machine cut" title={`${row.process_executable} ${row.process_arguments}`.trim()}>
        {row.process_executable ? baseName(row.process_executable) : ""}
      </span>
    ),
  },
  {
    id: "pid",
    label: "PID",
    width: "64px",
    align: "right",
    hideBelow: 1160,
    cell: (row) => <span class="machine">{row.pid || ""}</span>,
  },
  {
    id: "message",
    label: "What happened",
    width: "minmax(200px, 1fr)",
    cell: (row) => (
      <span class="cut" title={row.message}>
        {shortMessage(row.message)}
      </span>
    ),
  },
  {
    id: "uid",
    label: "User",
    width: "64px",
    align: "right",
    optional: true,
    cell: (row) => <span class="machine">{row.uid ?? ""}</span>,
  },
  {
    id: "arguments",
    label: "Arguments",
    width: "minmax(160px, 0.7fr)",
    optional: true,
    cell: (row) => (
      <span class="machine cut quiet" title={row.process_arguments}>
        {row.process_arguments}
      </span>
    ),
  },
  {
    id: "container",
    label: "Container",
    width: "112px",
    optional: true,
    cell: (row) => <span class="machine">{row.container_id.slice(0, 12)}</span>,
  },
  {
    id: "kind_id",
    label: "Kind id",
    width: "144px",
    optional: true,
    cell: (row) => <span class="machine cut">{row.kind}</span>,
  },
];

/** An event on a phone: what happened, and below it where and when. */
export function narrowEvent(row: EventRow): JSX.Element {
  return (
    <>
      <div class="row">
        <SeverityMark severity={row.severity} short />
        <span class="cut strong grow">{shortMessage(row.message)}</span>
      </div>
      <div class="row faint narrow-second">
        <span class="cut grow">
          {row.node_name}, {kindTitle(row.kind).toLowerCase()}
        </span>
        <Time row={row} />
      </div>
    </>
  );
}
