import { expect, test } from "bun:test";
import { connectionRoom } from "./descriptors.ts";
import { PerAddress } from "./per-address.ts";

test("each address is counted for itself", () => {
  const count = new PerAddress();
  expect([count.add("a"), count.add("a"), count.add("b")]).toEqual([1, 2, 1]);
  count.remove("a");
  count.remove("c");
  expect([count.add("a"), count.add("c")]).toEqual([2, 1]);
});

test("a process that may have few descriptors open takes fewer connections", () => {
  const limits = (files: string): string =>
    `Max processes 1 1 processes\nMax open files            ${files}   524288   files\n`;
  expect([connectionRoom(limits("20000")), connectionRoom(limits("256"))]).toEqual([12_650, 64]);
  expect([connectionRoom(limits("unlimited")), connectionRoom("")]).toEqual([Infinity, Infinity]);
  expect(connectionRoom()).toBeGreaterThan(0);
});
