/** Numbers of a sequence, both ends included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** How the numbers of a span are accounted for. Every number has to be stored or in the ledger, and in one of them once. */
export interface Account {
  /** Numbers of the span that are stored, and that the ledger has, each time it has them. */
  readonly stored: number;
  readonly lost: number;
  /** In neither; in both; and more than once in the ledger. */
  readonly nowhere: readonly NumberRange[];
  readonly both: readonly NumberRange[];
  readonly twice: readonly NumberRange[];
}

/** So many ranges are named; how many numbers there are is said of all. */
const NAMED = 5;

export const sizeOf = (ranges: readonly NumberRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** What lies in the span, in order. */
function clipped(span: NumberRange, ranges: readonly NumberRange[]): NumberRange[] {
  return ranges
    .map(({ from, to }) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }))
    .filter(({ from, to }) => from <= to)
    .toSorted((a, b) => a.from - b.from);
}

/** Ranges in order as ranges that do not touch, and what more than one of them has. */
function joined(ranges: readonly NumberRange[]): { readonly all: NumberRange[]; readonly twice: NumberRange[] } {
  const all: { from: number; to: number }[] = [];
  const twice: NumberRange[] = [];
  for (const { from, to } of ranges) {
    const last = all.at(-1);
    if (last && from <= last.to) twice.push({ from, to: Math.min(to, last.to) });
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return { all, twice };
}

/** What two lists of ranges, each in order and apart from one another, have in common. */
function common(a: readonly NumberRange[], b: readonly NumberRange[]): NumberRange[] {
  const found: NumberRange[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [from, to] = [Math.max(a[i]!.from, b[j]!.from), Math.min(a[i]!.to, b[j]!.to)];
    if (from <= to) found.push({ from, to });
    if (a[i]!.to < b[j]!.to) i++;
    else j++;
  }
  return found;
}

/** What of the span no range has. */
function holes(span: NumberRange, ranges: readonly NumberRange[]): NumberRange[] {
  const found: NumberRange[] = [];
  let next = span.from;
  for (const { from, to } of ranges) {
    if (from > next) found.push({ from: next, to: from - 1 });
    next = to + 1;
  }
  if (next <= span.to) found.push({ from: next, to: span.to });
  return found;
}

/** Holds what is stored, each number once, and what the ledger says was lost against the numbers that were given out. */
export function accountFor(span: NumberRange, stored: readonly NumberRange[], lost: readonly NumberRange[]): Account {
  const there = joined(clipped(span, stored)).all;
  const gone = clipped(span, lost);
  const { all: told, twice } = joined(gone);
  const known = joined(clipped(span, [...there, ...told])).all;
  return {
    stored: sizeOf(there),
    lost: sizeOf(gone),
    nowhere: holes(span, known),
    both: common(there, told),
    twice,
  };
}

/** `3, 7–9` and how many more ranges there are. */
export function rangesText(ranges: readonly NumberRange[]): string {
  const named = ranges.slice(0, NAMED).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  return [...named, ...(ranges.length > NAMED ? [`${ranges.length - NAMED} ranges more`] : [])].join(", ");
}

/** What is wrong with an account, a sentence each; empty: nothing. */
export function faultsOf({ nowhere, both, twice }: Account): string[] {
  const say = (ranges: readonly NumberRange[], what: string): string[] =>
    ranges.length === 0 ? [] : [`${sizeOf(ranges)} are ${what}: ${rangesText(ranges)}`];
  return [
    ...say(nowhere, "neither stored nor in the ledger"),
    ...say(both, "both stored and in the ledger"),
    ...say(twice, "in the ledger twice"),
  ];
}
