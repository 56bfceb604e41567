import { expect, test } from "bun:test";
import { Loader } from "./loader.ts";

/** A loader whose questions are noted, and whose pauses end when told. */
function setUp(maxKeys: number): {
  get: (...keys: number[]) => Promise<number[]>;
  asked: number[][];
  goOn: () => void;
} {
  const asked: number[][] = [];
  const pauses: (() => void)[] = [];
  const loader = new Loader<number, number>(
    async (keys) => {
      asked.push([...keys]);
      return keys.map((key) => key * 10);
    },
    { maxKeys, maxActive: 2, maxWaiting: 1_000, spacingMs: 500, later: (run) => void pauses.push(run) },
  );
  return {
    asked,
    get: (...keys) => Promise.all(keys.map((key) => loader.get(key))),
    goOn: () => pauses.shift()?.(),
  };
}

test("what is asked for in the same turn goes together, and few are not kept waiting for more", async () => {
  const { get, asked } = setUp(100);
  expect(await get(1, 2)).toEqual([10, 20]);
  expect(await get(3)).toEqual([30]);
  expect(asked).toEqual([[1, 2], [3]]);
});

test("after a question of many the next one waits for more to come", async () => {
  const { get, asked, goOn } = setUp(100);
  await get(1, 2, 3, 4, 5);
  const next = [get(6), get(7), get(8)];
  await Promise.resolve();
  expect(asked).toHaveLength(1);
  goOn();
  expect((await Promise.all(next)).flat()).toEqual([60, 70, 80]);
  expect(asked).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8],
  ]);
  // That was of few: the next goes at once.
  expect(await get(9)).toEqual([90]);
});

test("more than one question takes is not kept waiting", async () => {
  const { get, asked } = setUp(4);
  expect(await get(1, 2, 3, 4, 5, 6, 7, 8)).toHaveLength(8);
  expect(asked).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
});
