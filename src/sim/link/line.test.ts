import { expect, test } from "bun:test";
import { Line } from "./line.ts";

test("so many run at once; who leaves makes room for the next, once, and who left the line gets no turn", () => {
  const line = new Line(2);
  const begun: number[] = [];
  const leave = [0, 1, 2, 3, 4].map((n) => line.enter(() => void begun.push(n)));
  expect(begun).toEqual([0, 1]);
  leave[3]!();
  leave[0]!();
  leave[0]!();
  expect(begun).toEqual([0, 1, 2]);
  leave[1]!();
  leave[2]!();
  expect(begun).toEqual([0, 1, 2, 4]);
});
