import { expect, test } from "bun:test";
import type { Column } from "./column.ts";
import { fitColumns, leastWidth, moveColumn, toggleColumn } from "./column-fit.ts";

const column = (id: string, width: string, hideBelow?: number): Column<string> => ({
  id,
  label: id,
  width,
  ...(hideBelow === undefined ? {} : { hideBelow }),
  cell: () => id,
});
const COLUMNS = [
  column("a", "100px"),
  column("b", "100px", 900),
  column("c", "minmax(200px, 1fr)"),
  column("d", "100px", 500),
];
const ids = (width: number, chosen?: readonly string[]): string =>
  fitColumns(COLUMNS, chosen, width, 0)
    .map((c) => c.id)
    .join("");

test("the least width of a track", () => {
  expect([leastWidth("120px"), leastWidth("minmax(160px, 2fr)"), leastWidth("1fr")]).toEqual([120, 160, 96]);
});
test("a table never gets wider than its place", () => {
  expect([ids(0), ids(1000), ids(600), ids(480), ids(300), ids(50)]).toEqual(["abcd", "abcd", "acd", "ac", "a", "a"]);
});
test("the reader's choice and order come first, as far as they fit", () => {
  expect([ids(1000, ["d", "a"]), ids(600, ["b", "c", "a"]), ids(330, ["b", "c"]), ids(1000, ["gone"])]).toEqual([
    "da",
    "bca",
    "c",
    "a",
  ]);
});
test("columns are shown at their own place, moved by one, and never all hidden", () => {
  const all = ["a", "b", "c"];
  expect(toggleColumn(all, ["c", "a"], "b")).toEqual(["c", "a", "b"]);
  expect(toggleColumn(all, ["a", "c"], "b")).toEqual(["a", "b", "c"]);
  expect(toggleColumn(all, ["a"], "a")).toEqual(["a"]);
  expect(moveColumn(["a", "b", "c"], "c", -1)).toEqual(["a", "c", "b"]);
  expect(moveColumn(["a", "b"], "b", 1)).toEqual(["a", "b"]);
});
