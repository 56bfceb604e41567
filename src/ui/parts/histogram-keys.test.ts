import { expect, test } from "bun:test";
import { stepRange, type KeyRange } from "./histogram-keys.ts";

function press(...keys: string[]): KeyRange | undefined {
  let range: KeyRange | undefined;
  for (const key of keys) {
    const step = stepRange(range, key.replace("Shift+", ""), key.startsWith("Shift+"), 60);
    if (step && "range" in step) range = step.range;
    if (step && "take" in step) return step.take;
  }
  return range;
}

test("arrows begin at the newest column and move", () => {
  expect(press("ArrowLeft")).toEqual({ start: 59, end: 59 });
  expect(press("ArrowLeft", "ArrowLeft", "ArrowLeft")).toEqual({ start: 57, end: 57 });
  expect(press("Home", "ArrowLeft")).toEqual({ start: 0, end: 0 });
});
test("Shift widens, Enter takes the range in order, Escape lets it go", () => {
  expect(press("End", "Shift+ArrowLeft", "Shift+PageUp")).toEqual({ start: 59, end: 48 });
  expect(press("End", "Shift+ArrowLeft", "Enter")).toEqual({ start: 58, end: 59 });
  expect(press("End", "Escape")).toBeUndefined();
});
test("other keys mean nothing", () => {
  expect(stepRange(undefined, "j", false, 60)).toBeUndefined();
  expect(stepRange(undefined, "Enter", false, 60)).toBeUndefined();
  expect(stepRange(undefined, "ArrowLeft", false, 0)).toBeUndefined();
});
