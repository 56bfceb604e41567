import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testPack, testPolicy } from "../../../test/harness/packs.ts";
import { choosePacks } from "./choose.ts";
import { knownPolicies } from "./known.ts";

const dir = await mkdtemp(join(tmpdir(), "telovix-choose-"));
afterAll(() => rm(dir, { recursive: true, force: true }));
const packs = [
  await testPack(dir, "first", [testPolicy("a"), testPolicy("b")]),
  await testPack(dir, "second", [testPolicy("c")]),
  await testPack(dir, "third", [testPolicy("a")]),
];

test("packs are those asked for, in that order, once", () =>
  expect(choosePacks(["second", "first", "second"], packs).map((p) => p.id)).toEqual(["second", "first"]));
test("a pack that is not there is named, and those that are", () =>
  expect(() => choosePacks(["second", "fourth"], packs)).toThrow("no pack 'fourth'"));
test("two policies of one name can't both be loaded", () =>
  expect(() => choosePacks(["first", "third"], packs)).toThrow("named a"));
test("a policy knows its pack", () =>
  expect([...knownPolicies(packs.slice(0, 2)).values()].map((p) => [p.name, p.pack])).toEqual([
    ["a", "first"],
    ["b", "first"],
    ["c", "second"],
  ]));
