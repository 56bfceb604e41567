import { expect, test } from "bun:test";
import type { LossRange, LossReport } from "../../../core/api/losses.ts";
import { LOSS_CAUSES, LOSS_STAGES } from "../../../core/event/loss-causes.ts";
import { causeWords, lostWords } from "../../parts/blind.tsx";
import { clearSince, eventsAround, newestLossFirst, spanOf, stageTone, stageWords } from "./words.ts";

const NOW = Date.UTC(2026, 5, 10, 12);
const report = (more: Partial<LossReport>): LossReport =>
  ({ last_loss_at: null, watched_since: null, ...more }) as LossReport;

test("since when nothing was lost is said, or when the last loss was", () => {
  const since = new Date(NOW - 3 * 86_400_000).toISOString();
  expect(clearSince(report({ watched_since: since }), NOW)).toBe(
    "Nothing has been lost since 7 Jun, 3 d ago, when watching began.",
  );
  expect(clearSince(report({ watched_since: since, last_loss_at: new Date(NOW - 7_200_000).toISOString() }), NOW)).toBe(
    "The last loss ended 2 h ago, on 10 Jun.",
  );
  expect(clearSince(report({}), NOW)).toBeUndefined();
});

test("every stage and cause has words, and what is unknown still has some", () => {
  for (const stage of LOSS_STAGES) expect(stageWords(stage)).not.toBe("");
  for (const cause of Object.keys(LOSS_CAUSES)) expect(causeWords(cause)).not.toContain("_");
  expect([stageWords("on_mars"), stageTone("on_mars"), causeWords("meteor_hit")]).toEqual([
    "On mars",
    "stage-other",
    "meteor hit",
  ]);
  expect(causeWords("__proto__")).toBe("  proto  ");
});

test("a count that is not known is not shown as none", () => {
  expect([lostWords(1204, false), lostWords(3, true), lostWords(0, true)]).toEqual([
    "1,204 lost",
    "at least 3 lost",
    "an unknown number lost",
  ]);
  expect(spanOf({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" })).toBe("a moment");
});

test("a loss leads to the events of its sensor a minute to both sides", () => {
  const loss = { from: "2026-01-01T10:00:00.5Z", to: "2026-01-01T10:00:02Z", sensor_id: "s-1" };
  expect(eventsAround(loss)).toBe("/events?sensor_id=s-1&from=2026-01-01T09:59:00.500Z&to=2026-01-01T10:01:02.000Z");
});

test("losses stand in the order of their beginning, not of the minute they are kept by", () => {
  const at = (from: string): LossRange => ({ from }) as never;
  const sorted = [at("2026-01-01T10:00:06Z"), at("2026-01-01T10:00:07Z"), at("2026-01-01T09:59:59Z")].toSorted(
    newestLossFirst,
  );
  expect(sorted.map(({ from }) => from.slice(17, 19))).toEqual(["07", "06", "59"]);
});
