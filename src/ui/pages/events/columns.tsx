import type { JSX } from "preact";
import type { EventRow } from "../../../core/api/events.ts";
import { baseName } from "../../format.ts";
import type { Column } from "../../parts/column.ts";
import { SeverityMark } from "../../parts/marks.tsx";
import { Ago, Moment } from "../../parts/time.tsx";
import { eventTime } from "../../prefs.ts";
import { kindTitle } from "../../words.ts";

function Time({ row }: { row: EventRow }): JSX.Element {
  return eventTime.value === "clock" ? <Moment at={row.observed_at} millis /> : <Ago at={row.observed_at} />;
}

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
  { id: "severity", label: "Severity", width: "88px", cell: (row) => <SeverityMark severity={row.severity} /> },
  {
    id: "kind",
    label: "Kind",
    width: "212px",
    hideBelow: 900,
    cell: (row) => (
      <span class="cut" title={row.kind}>
        {kindTitle(row.kind)}
      </span>
    ),
  },
  {
    id: "node",
    label: "Node",
    width: "128px",
    hideBelow: 640,
    cell: (row) => (
      <span class="cut" title={row.node_name}>
        {row.node_name}
      </span>
    ),
  },
  {
    id: "process",
    label: "Process",
    width: "148px",
    hideBelow: 760,
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
    hideBelow: 1040,
    cell: (row) => <span class="machine">{row.pid || ""}</span>,
  },
  {
    id: "message",
    label: "What happened",
    width: "minmax(200px, 1fr)",
    cell: (row) => (
      <span class="cut" title={row.message}>
        {row.message}
      </span>
    ),
  },
];

/** An event on a phone: what happened, and below it where and when. */
export function narrowEvent(row: EventRow): JSX.Element {
  return (
    <>
      <div class="row">
        <SeverityMark severity={row.severity} short />
        <span class="cut strong grow">{row.message}</span>
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
