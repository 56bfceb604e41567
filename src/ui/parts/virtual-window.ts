/** Which rows of a long list are drawn. */
export interface VirtualWindow {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** Rows seen through a viewport, with some more on either side; pure. All lengths in px. */
export function virtualWindow(input: {
  readonly scrollTop: number;
  readonly viewport: number;
  readonly rowHeight: number;
  readonly count: number;
  readonly overscan: number;
}): VirtualWindow {
  const { rowHeight, count, overscan } = input;
  const top = Math.max(0, Math.min(input.scrollTop, count * rowHeight - input.viewport));
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const end = Math.min(count, Math.ceil((top + input.viewport) / rowHeight) + overscan);
  return { first, end: Math.max(first, end) };
}

/** Where to scroll so that a row is wholly seen under a sticky head; the present place when it already is. */
export function scrollToShow(input: {
  readonly index: number;
  readonly scrollTop: number;
  readonly viewport: number;
  readonly rowHeight: number;
  readonly head: number;
}): number {
  const top = input.index * input.rowHeight;
  const seen = input.viewport - input.head;
  if (top < input.scrollTop) return top;
  if (top + input.rowHeight > input.scrollTop + seen) return top + input.rowHeight - seen;
  return input.scrollTop;
}
