import type { LossStage } from "../../core/event/loss-causes.ts";

/** Numbers of a sequence that did not become events, and why. */
export interface Gap {
  readonly stage: LossStage;
  readonly cause: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export const countOf = (gap: Gap): number => gap.toSeq - gap.fromSeq + 1;

export interface GapFacts {
  /** What the batch answers for. */
  readonly first: number;
  readonly last: number;
  /** Highest number taken before; what is at or below it was accounted for. */
  readonly cursor: number;
  /** Numbers up to this one were handed over elsewhere and are none of this Console's; 0 or left out: there are none. */
  readonly base?: number;
  /** Numbers above the cursor that are accounted for already. */
  readonly present: { between(from: number, to: number): readonly (readonly [number, number])[] } | undefined;
  /** Numbers of the events that are sound, in order. */
  readonly taken: readonly number[];
  readonly rejected: readonly { readonly seq: number; readonly cause: string }[];
  /** What the sensor itself says it has lost. */
  readonly missing: readonly { readonly from_seq: number; readonly to_seq: number; readonly cause: string }[];
}

/**
 * Every number above the cursor up to the batch's last that is no event, once, with who says why; adjacent ones of one reason are one
 * gap. Numbers are an event before they are rejected, rejected before they are declared missing, and unexplained at last.
 */
export function gapsOf(facts: GapFacts): Gap[] {
  const { cursor, last } = facts;
  const own = Math.max(cursor, facts.base ?? 0) + 1;
  const goesOn = facts.first <= own;
  // The usual batch has every number it answers for.
  if (goesOn && facts.taken.length === last - facts.first + 1) return [];
  const first = Math.max(facts.first, cursor + 1);
  const gaps: Gap[] = [];
  // The sensor goes on above where it was: numbers between were acknowledged once and are not here, or never sent.
  if (!goesOn)
    for (const [from, to] of free(own, facts.first - 1, presentIn(facts, own, facts.first - 1)))
      gaps.push({ stage: "wire", cause: "skipped", fromSeq: from, toSeq: to });
  if (last < first) return gaps;
  const causes = new Map<number, string>();
  const taken = new Set(facts.taken.filter((seq) => seq >= first && seq <= last));
  const isHeld = (seq: number): boolean => taken.has(seq) || presentIn(facts, seq, seq).length > 0;
  for (const { seq, cause } of facts.rejected)
    if (seq >= first && seq <= last && !isHeld(seq) && !causes.has(seq)) causes.set(seq, cause);
  const single = (seq: number): readonly [number, number] => [seq, seq];
  const stops = [...presentIn(facts, first, last), ...[...taken, ...causes.keys()].map(single)];
  stops.sort((a, b) => a[0] - b[0]);
  const declared = facts.missing.toSorted((a, b) => a.from_seq - b.from_seq);
  let nextDeclared = 0;
  const add = (stage: LossStage, cause: string, fromSeq: number, toSeq: number): void => {
    const before = gaps.at(-1);
    if (before?.cause === cause && before.stage === stage && before.toSeq + 1 === fromSeq)
      gaps[gaps.length - 1] = { ...before, toSeq };
    else gaps.push({ stage, cause, fromSeq, toSeq });
  };
  const explain = (from: number, to: number): void => {
    let at = from;
    for (let range = declared[nextDeclared]; range && range.from_seq <= to; range = declared[nextDeclared]) {
      const end = Math.min(range.to_seq, to);
      if (range.from_seq > at) add("wire", "unexplained", at, range.from_seq - 1);
      const start = Math.max(at, range.from_seq);
      if (end >= start) {
        add("spool", range.cause, start, end);
        at = end + 1;
      }
      // A range that reaches beyond what stands here may explain the next stretch too.
      if (range.to_seq > to) break;
      nextDeclared++;
    }
    if (at <= to) add("wire", "unexplained", at, to);
  };
  let at = first;
  for (const [from, to] of [...stops, single(last + 1)]) {
    if (from > at) explain(at, from - 1);
    const cause = causes.get(from);
    if (cause !== undefined) add("rejected", cause, from, from);
    at = Math.max(at, to + 1);
  }
  return gaps;
}

/** So many gaps of a batch are told one by one. */
const MAX_TOLD = 100;

/**
 * The gaps of a batch as they go to the ledger. More than a sound sensor ever has, and those of one stage that touch become one,
 * whatever their causes; if the stages take turns so that too many are left, all that touch do. Otherwise one that sends nothing right
 * fills the ledger, and the Console's memory, with a row for each number.
 */
export function toldOf(gaps: readonly Gap[]): readonly Gap[] {
  if (gaps.length <= MAX_TOLD) return gaps;
  const byStage = joined(gaps, (a, b) => a.stage === b.stage);
  return byStage.length <= MAX_TOLD ? byStage : joined(byStage, () => true);
}

/** Gaps that touch become one where `mayJoin`. What is of several stages is known by the wire only: its numbers did not come. */
function joined(gaps: readonly Gap[], mayJoin: (a: Gap, b: Gap) => boolean): Gap[] {
  const told: Gap[] = [];
  for (const gap of gaps) {
    const before = told.at(-1);
    if (before && before.toSeq + 1 === gap.fromSeq && mayJoin(before, gap)) {
      const stage = before.stage === gap.stage ? gap.stage : "wire";
      const cause = before.stage === gap.stage && before.cause === gap.cause ? gap.cause : "mixed";
      told[told.length - 1] = { stage, cause, fromSeq: before.fromSeq, toSeq: gap.toSeq };
    } else told.push(gap);
  }
  return told;
}

function presentIn({ present }: GapFacts, from: number, to: number): readonly (readonly [number, number])[] {
  return present?.between(from, to) ?? [];
}

/** What of a range is left between the given ones, which are in order. */
export function free(from: number, to: number, held: readonly (readonly [number, number])[]): [number, number][] {
  const left: [number, number][] = [];
  let at = from;
  for (const [start, end] of held) {
    if (start > at) left.push([at, start - 1]);
    at = end + 1;
  }
  if (at <= to) left.push([at, to]);
  return left;
}
