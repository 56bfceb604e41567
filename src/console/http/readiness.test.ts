import { expect, test } from "bun:test";
import { eventsWord } from "./readiness.ts";

test("events go through where there is room for them, and nothing is away that must be there", () => {
  const [well, away] = [{ ok: true }, { ok: false }];
  expect(eventsWord(1, [well, { ...away, optional: true }])).toBe("takes events");
  expect(eventsWord(1, [well, away])).toBe("takes none");
  expect(eventsWord(0, [well])).toBe("takes none");
});
