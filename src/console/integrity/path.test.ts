import { expect, test } from "bun:test";
import { ZERO_HASH } from "../../core/integrity/hash.ts";
import { pickPath } from "./path.ts";
import type { LinkRow } from "./store.ts";

const link = (name: string, previous: string, first: number, last: number): LinkRow => ({
  tenant_id: "",
  sensor_id: "",
  epoch: "",
  first_seq: first,
  last_seq: last,
  events: last - first + 1,
  previous,
  digest: "",
  link: name,
  missing: "",
  first_at: 0,
  last_at: 0,
  sealed_at: 0,
});
const names = (links: readonly LinkRow[]): string[] => links.map((l) => l.link);
const all = [
  link("a", ZERO_HASH, 1, 10),
  link("b", "a", 11, 20),
  // Another Console sealed the same numbers in other blocks, and went on.
  link("x", "a", 11, 15),
  link("y", "x", 16, 30),
];

test("of two ways the one that reaches furthest is taken, in whatever order they are given", () => {
  expect(names(pickPath(all, undefined))).toEqual(["a", "x", "y"]);
  expect(names(pickPath(all.toReversed(), undefined))).toEqual(["a", "x", "y"]);
  expect(names(pickPath(all.slice(1), { seq: 10, link: "a" }))).toEqual(["x", "y"]);
});

test("a way that goes on from where the chain was left comes before a longer one that does not", () => {
  expect(names(pickPath([...all, link("z", "lost", 40, 50)], { seq: 10, link: "a" }))).toEqual(["x", "y"]);
});

test("a chain that was begun anew is taken from its beginning", () => {
  expect(names(pickPath([link("n", ZERO_HASH, 40, 50), link("m", "n", 51, 60)], { seq: 10, link: "a" }))).toEqual([
    "n",
    "m",
  ]);
  expect(pickPath([], undefined)).toEqual([]);
});

test("links that name each other in a circle end the search", () => {
  expect(pickPath([link("p", "q", 1, 2), link("q", "p", 3, 4)], undefined).length).toBeGreaterThan(0);
});
