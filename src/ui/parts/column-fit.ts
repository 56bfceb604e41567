import type { Column } from "./column.ts";

const GAP = 16;
const PADDING = 16;
/** Least width given to a track without one of its own. */
const LEAST = 96;

/** Least width of a CSS grid track in px: `120px` is 120, `minmax(160px, 1fr)` is 160; pure. */
export function leastWidth(track: string): number {
  const match = /(\d+)px/.exec(track);
  return match ? Number(match[1]) : LEAST;
}

/**
 * The columns to draw in `width` px (0: not laid out yet), in their order; pure. Without a choice of the reader those meant
 * for wide tables are left out of narrow ones; with one, exactly the chosen ones. What does not fit is left out either way,
 * the least needed first (the highest `hideBelow`, then the last), but never all: a table does not scroll sideways.
 */
export function fitColumns<T>(
  columns: readonly Column<T>[],
  chosen: readonly string[] | undefined,
  width: number,
  takenPx: number,
): readonly Column<T>[] {
  const wanted =
    chosen === undefined
      ? columns.filter((c) => !c.optional && (c.hideBelow === undefined || width === 0 || width >= c.hideBelow))
      : chosen.flatMap((id) => columns.find((c) => c.id === id) ?? []);
  const fitting = wanted.length > 0 ? [...wanted] : columns.slice(0, 1);
  const total = (): number => takenPx + PADDING + fitting.reduce((sum, c) => sum + leastWidth(c.width) + GAP, -GAP);
  while (width > 0 && fitting.length > 1 && total() > width) {
    const most = Math.max(...fitting.map((c) => c.hideBelow ?? 0));
    fitting.splice(
      fitting.findLastIndex((c) => (c.hideBelow ?? 0) === most),
      1,
    );
  }
  return fitting;
}

/** The choice with one column shown or hidden; a column shown anew comes where the table has it by itself; pure. */
export function toggleColumn(all: readonly string[], chosen: readonly string[], id: string): string[] {
  if (chosen.includes(id)) return chosen.length > 1 ? chosen.filter((other) => other !== id) : [...chosen];
  const before = all.slice(0, all.indexOf(id));
  const at = chosen.findLastIndex((other) => before.includes(other)) + 1;
  return [...chosen.slice(0, at), id, ...chosen.slice(at)];
}

/** The choice with one column moved by one place; pure. */
export function moveColumn(chosen: readonly string[], id: string, by: -1 | 1): string[] {
  const at = chosen.indexOf(id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= chosen.length) return [...chosen];
  const next = [...chosen];
  next.splice(at, 1);
  next.splice(to, 0, id);
  return next;
}
