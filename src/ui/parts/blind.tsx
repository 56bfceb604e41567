import type { JSX } from "preact";
import type { EventHistogram } from "../../core/api/events.ts";
import { findCause } from "../../core/event/loss-causes.ts";
import { formatCount } from "../format.ts";
import type { Bucket } from "./histogram-scale.ts";

/** A range of time of which it is known that something is missing. */
export interface BlindRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
  /** More went than `count` says. */
  readonly unknown: boolean;
  /** One for each sensor and cause. */
  readonly lines: readonly string[];
}

/** `1,204 lost`, `at least 3 lost`, `an unknown number lost`. */
export function lostWords(count: number, unknown: boolean): string {
  if (!unknown) return `${formatCount(count)} lost`;
  return count > 0 ? `at least ${formatCount(count)} lost` : "an unknown number lost";
}

/** A cause in words of the reader's world. */
export function causeWords(cause: string): string {
  return findCause(cause)?.words ?? cause.replaceAll("_", " ");
}

/** Blind ranges that overlap in time, or lie nearer than `nearMs`, as one; in order of time. Pure. */
export function mergeBlind(blind: EventHistogram["blind"], nearMs = 0): BlindRange[] {
  const sorted = blind
    .map((b) => ({
      fromMs: Date.parse(b.from),
      toMs: Date.parse(b.to),
      count: b.count,
      unknown: b.unknown,
      line: `${b.node_name}: ${lostWords(b.count, b.unknown)}, ${causeWords(b.cause)}`,
    }))
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const merged: (BlindRange & { lines: string[] })[] = [];
  for (const { line, ...range } of sorted) {
    const last = merged.at(-1);
    if (last && range.fromMs <= last.toMs + nearMs) {
      merged[merged.length - 1] = {
        fromMs: last.fromMs,
        toMs: Math.max(last.toMs, range.toMs),
        count: last.count + range.count,
        unknown: last.unknown || range.unknown,
        lines: [...last.lines, line],
      };
    } else merged.push({ ...range, lines: [line] });
  }
  return merged;
}

/** Stretches of buckets in which at least half came late: an outage that was filled in. Pure. */
export function lateStretches(
  buckets: readonly Bucket[],
  stepMs: number,
): { fromMs: number; toMs: number; late: number }[] {
  const found: { fromMs: number; toMs: number; late: number }[] = [];
  for (const b of buckets) {
    const total = b.info + b.warning + b.high + b.critical;
    if (b.late === 0 || b.late * 2 < total) continue;
    const fromMs = Date.parse(b.at);
    const last = found.at(-1);
    if (last && fromMs <= last.toMs) {
      last.toMs = fromMs + stepMs;
      last.late += b.late;
    } else found.push({ fromMs, toMs: fromMs + stepMs, late: b.late });
  }
  return found;
}

/** The two patterns, for `fill="url(#hatch)"` and `fill="url(#dots)"`. */
export function BlindPatterns(): JSX.Element {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
      </pattern>
      <pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">
        <circle cx="2.5" cy="2.5" r="1" class="dots-dot" />
      </pattern>
    </defs>
  );
}

/** What the patterns mean; only of those that are drawn. */
export function BlindLegend({ blind, late }: { blind: boolean; late: boolean }): JSX.Element | null {
  if (!blind && !late) return null;
  return (
    <ul class="legend" aria-label="Patterns">
      {blind && (
        <li>
          <svg width="16" height="10" aria-hidden="true">
            <rect class="blind" width="16" height="10" fill="url(#hatch)" />
          </svg>
          Blind: events were lost
        </li>
      )}
      {late && (
        <li>
          <svg width="16" height="10" aria-hidden="true">
            <rect width="16" height="10" fill="url(#dots)" />
          </svg>
          Filled in later
        </li>
      )}
    </ul>
  );
}

/** The part of a hover card that tells of blind ranges. */
export function BlindTip({ ranges }: { ranges: readonly BlindRange[] }): JSX.Element {
  return (
    <>
      {ranges.map((b) => (
        <div key={b.fromMs} class="tip-blind">
          <strong>Blind: {lostWords(b.count, b.unknown)}</strong>
          {b.lines.slice(0, 4).map((line) => (
            <div key={line}>{line}</div>
          ))}
          {b.lines.length > 4 && <div>and {b.lines.length - 4} more</div>}
        </div>
      ))}
    </>
  );
}
