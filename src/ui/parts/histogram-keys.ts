/** A range being chosen by keyboard: indexes of its first and last column; `end` moves, `start` stays. */
export interface KeyRange {
  readonly start: number;
  readonly end: number;
}

export type KeyStep = { readonly range: KeyRange | undefined } | { readonly take: KeyRange } | undefined;

/**
 * What a key does to the range: arrows move it, with Shift they widen or narrow it, Home and End go to the ends, Enter or
 * Space takes it, Escape lets it go. Undefined: the key means nothing here. Pure.
 */
export function stepRange(range: KeyRange | undefined, key: string, shift: boolean, columns: number): KeyStep {
  if (columns <= 0) return undefined;
  const clamp = (at: number): number => Math.max(0, Math.min(columns - 1, at));
  const to = (end: number): KeyStep => ({
    range: { start: shift && range ? range.start : clamp(end), end: clamp(end) },
  });
  const last = range?.end;
  switch (key) {
    case "ArrowLeft":
      return to(last === undefined ? columns - 1 : last - 1);
    case "ArrowRight":
      return to(last === undefined ? columns - 1 : last + 1);
    case "PageUp":
      return to((last ?? columns) - 10);
    case "PageDown":
      return to((last ?? columns - 1) + 10);
    case "Home":
      return to(0);
    case "End":
      return to(columns - 1);
    case "Enter":
    case " ":
      return range
        ? { take: { start: Math.min(range.start, range.end), end: Math.max(range.start, range.end) } }
        : undefined;
    case "Escape":
      return range ? { range: undefined } : undefined;
    default:
      return undefined;
  }
}
