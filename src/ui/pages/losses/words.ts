import type { LossRange, LossReport } from "../../../core/api/losses.ts";
import { LOSS_STAGES, type LossStage } from "../../../core/event/loss-causes.ts";
import { formatCount, formatDay, formatDuration } from "../../format.ts";
import { sentence } from "../../words.ts";
import { eventsHref } from "../events/filter.ts";

/** Stages in words of the reader's world. */
const STAGE_WORDS: Readonly<Record<LossStage, string>> = {
  kernel: "Kernel",
  engine: "Engine",
  tail: "Reading",
  spool: "Queue on the node",
  wire: "On the way",
  rejected: "Refused",
  store: "Store",
};

export const isStage = (stage: string): stage is LossStage => LOSS_STAGES.includes(stage as LossStage);

export function stageWords(stage: string): string {
  return isStage(stage) ? STAGE_WORDS[stage] : sentence(stage);
}

/** Class that colours a stage. */
export function stageTone(stage: string): string {
  return `stage-${isStage(stage) ? stage : "other"}`;
}

/** How many were lost, for a column of figures. */
export function lostText({ count, unknown }: Pick<LossRange, "count" | "unknown">): string {
  if (!unknown) return formatCount(count);
  return count > 0 ? `≥ ${formatCount(count)}` : "unknown";
}

/** How long a loss may have gone on; what is known to a moment only says so. */
export function spanOf(range: Pick<LossRange, "from" | "to">): string {
  const ms = Date.parse(range.to) - Date.parse(range.from);
  return ms <= 0 ? "a moment" : formatDuration(ms);
}

/** What is looked at on both sides of a loss. */
const AROUND_MS = 60_000;

/** Address of the events of its sensor around a loss: what was there before and after says what may have gone. */
export function eventsAround(range: Pick<LossRange, "from" | "to" | "sensor_id">): string {
  const [from, to] = [Date.parse(range.from) - AROUND_MS, Date.parse(range.to) + AROUND_MS];
  return eventsHref(
    { sensor_id: [range.sensor_id] },
    { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
  );
}

/** Losses by when they began, the newest first: the Console gives them by the minute. Pure. */
export function newestLossFirst(a: LossRange, b: LossRange): number {
  return a.from < b.from ? 1 : a.from > b.from ? -1 : 0;
}

/** Since when nothing was lost, as a sentence; pure. */
export function clearSince(report: LossReport, nowMs: number): string | undefined {
  const { last_loss_at: last, watched_since: since } = report;
  if (last !== null) {
    const ms = Date.parse(last);
    return `The last loss ended ${formatDuration(Math.max(1000, nowMs - ms))} ago, on ${formatDay(ms, nowMs)}.`;
  }
  if (since === null) return undefined;
  const ms = Date.parse(since);
  return `Nothing has been lost since ${formatDay(ms, nowMs)}, ${formatDuration(Math.max(1000, nowMs - ms))} ago, when watching began.`;
}
