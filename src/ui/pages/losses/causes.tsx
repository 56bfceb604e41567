import type { JSX } from "preact";
import type { LossReport } from "../../../core/api/losses.ts";
import { findCause } from "../../../core/event/loss-causes.ts";
import { formatCount } from "../../format.ts";
import { causeWords } from "../../parts/blind.tsx";
import { sentence } from "../../words.ts";
import { stageTone, stageWords } from "./words.ts";

/** Causes, the largest first, each with what helps. */
export function Causes({
  totals,
  onPick,
}: {
  totals: LossReport["totals"];
  onPick: (cause: string) => void;
}): JSX.Element {
  return (
    <ul class="causes">
      {totals.causes.slice(0, 8).map(({ stage, cause, count, unknown }) => (
        <li key={`${stage} ${cause}`}>
          <span class={`tip-key ${stageTone(stage)}`} aria-hidden="true" />
          <div class="grow">
            <button type="button" class="link" onClick={() => onPick(cause)} title="Show only these">
              {sentence(causeWords(cause))}
            </button>
            <p class="quiet">
              {stageWords(stage)}.{" "}
              {findCause(cause)?.advice ?? "This version does not know this cause: see the sensor's own documentation."}
            </p>
          </div>
          <strong class="figure">
            {count > 0 || unknown === 0 ? formatCount(count) : "unknown"}
            {count > 0 && unknown > 0 && " or more"}
          </strong>
        </li>
      ))}
    </ul>
  );
}
