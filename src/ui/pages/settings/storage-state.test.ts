import { expect, test } from "bun:test";
import { daysFault, lowered } from "./storage-state.ts";

test("days are whole numbers within their bounds", () => {
  for (const good of ["1", "90", " 30 ", "730"]) expect(daysFault(good, 730)).toBeUndefined();
  for (const bad of ["", "0", "731", "-5", "7.5", "ninety", "1e2", "99999"]) expect(daysFault(bad, 730)).toBeString();
});

test("what would be kept for less time is named, and nothing else", () => {
  const from = { events: 90, resources: 30, losses: 90 };
  expect(lowered(from, { events: 120, resources: 30, losses: 120 })).toEqual([]);
  expect(lowered(from, { events: 30, resources: 1, losses: 90 })).toEqual([
    "events older than 30 days",
    "figures of sensors older than 1 day",
  ]);
});
