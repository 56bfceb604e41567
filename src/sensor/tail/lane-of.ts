import { severityRank } from "../../core/event/severity.ts";
import type { LaneKind } from "../../core/spool/lane-dirs.ts";
import type { EventDraft } from "../normalize/draft.ts";

/** Cause of the loss the sensor finds itself: lines of the engine that never came. */
export const LINES_MISSING = "engine_lines";

const HIGH = severityRank("high");

/**
 * The lane of an event: alerts (severity high and above), what was enforced, losses and the engine's own state must not wait behind
 * the bulk. Pure; the same draft has the same lane in every life of the sensor.
 */
export function laneOf(draft: EventDraft): LaneKind {
  if (severityRank(draft.severity) >= HIGH) return "alert";
  if (draft.hook?.enforced || draft.loss) return "alert";
  return draft.kind.startsWith("engine_") ? "alert" : "bulk";
}

/** What of a line an event comes from, as bits: the gap before it, or the line itself. */
export const PART = { gap: 1, event: 2 } as const;

export function partOf(draft: EventDraft): number {
  return draft.loss?.cause === LINES_MISSING && draft.raw === undefined ? PART.gap : PART.event;
}
