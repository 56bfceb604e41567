import { expect, test } from "bun:test";
import { missingSettings } from "./runtime-settings.ts";

const NAME = "MIMALLOC_PURGE_HOLES_MIN_INTERVAL";

test("adds what is missing to the surroundings, once, and leaves what somebody else has set", () => {
  const once = missingSettings({ PATH: "/bin", GONE: undefined });
  expect(once).toEqual({ PATH: "/bin", [NAME]: "10000" });
  expect(missingSettings(once!)).toBeUndefined();
  expect(missingSettings({ [NAME]: "50" })).toBeUndefined();
});
