import type { JSX } from "preact";
import type { LossRange } from "../../../core/api/losses.ts";
import { can } from "../../session.ts";
import { causeWords, lostWords } from "../../parts/blind.tsx";
import type { Column } from "../../parts/column.ts";
import { Moment } from "../../parts/time.tsx";
import { sentence } from "../../words.ts";
import { eventsAround, lostText, spanOf, stageTone, stageWords } from "./words.ts";

function Stage({ stage }: { stage: string }): JSX.Element {
  return (
    <span class="stage">
      <span class={`tip-key ${stageTone(stage)}`} aria-hidden="true" />
      <span class="cut">{stageWords(stage)}</span>
    </span>
  );
}

/** Columns of the list of losses. */
export const LOSS_COLUMNS: readonly Column<LossRange>[] = [
  { id: "from", label: "Began", width: "128px", cell: (row) => <Moment at={row.from} /> },
  {
    id: "span",
    label: "Lasted",
    width: "92px",
    hideBelow: 760,
    cell: (row) => <span class="quiet">{spanOf(row)}</span>,
  },
  {
    id: "sensor",
    label: "Sensor",
    width: "minmax(110px, 0.8fr)",
    cell: (row) => (
      <a class="cut node-link" href={`/sensors/${row.sensor_id}`} title={row.node_name}>
        {row.node_name}
      </a>
    ),
  },
  { id: "stage", label: "Where", width: "minmax(112px, 0.7fr)", cell: (row) => <Stage stage={row.stage} /> },
  {
    id: "cause",
    label: "What happened",
    width: "minmax(140px, 1.8fr)",
    hideBelow: 680,
    cell: (row) => (
      <span class="cut" title={row.cause}>
        {sentence(causeWords(row.cause))}
      </span>
    ),
  },
  {
    id: "lost",
    label: "Events lost",
    width: "104px",
    align: "right",
    cell: (row) => <strong class="figure">{lostText(row)}</strong>,
  },
  {
    id: "around",
    label: "",
    width: "116px",
    align: "right",
    hideBelow: 900,
    cell: (row) => can("analyst") && <a href={eventsAround(row)}>Events around</a>,
  },
];

/** Names a row; it becomes a part of an element's id, which may hold no space. */
export const lossKey = (row: LossRange): string =>
  [row.from, row.sensor_id, row.stage, row.cause].join("_").replaceAll(/\s/g, "-");

/** A loss as two lines, on a phone. */
export function narrowLoss(row: LossRange): JSX.Element {
  return (
    <>
      <div class="row">
        <span class="cut grow strong">{row.node_name}</span>
        <strong class="figure">{lostWords(row.count, row.unknown)}</strong>
      </div>
      <div class="row faint narrow-second">
        <span class={`tip-key ${stageTone(row.stage)}`} title={stageWords(row.stage)} />
        <span class="cut grow">{sentence(causeWords(row.cause))}</span>
        <Moment at={row.from} />
      </div>
    </>
  );
}
