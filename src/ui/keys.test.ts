import { expect, test } from "bun:test";
import { findBinding, keyName, type KeyBinding } from "./keys.ts";
import { retryDelayMs } from "./live.ts";

const bind = (keys: string): KeyBinding => ({ keys, label: keys, group: "g", run: () => {} });
const press = (key: string, ctrlKey = false): string => keyName({ key, ctrlKey, metaKey: false, altKey: false });

test("keys are named alike on every keyboard", () => {
  expect([press("K", true), press("?"), press("Escape"), press("J")]).toEqual(["mod+k", "?", "Escape", "j"]);
});

test("two keys after each other are one binding, and the newest of equal ones wins", () => {
  const list = [bind("g s"), bind("j"), bind("j")];
  expect(findBinding(list, "", "g")).toEqual({ binding: undefined, begins: true });
  expect(findBinding(list, "g", "s").binding).toBe(list[0]!);
  expect(findBinding(list, "", "j").binding).toBe(list[2]!);
});

test("reconnecting slows down, to half a minute at most", () => {
  expect([0, 1, 3, 20].map((attempt) => retryDelayMs(attempt, 0))).toEqual([1000, 2000, 8000, 30_000]);
  expect(retryDelayMs(0, 1)).toBe(750);
});
