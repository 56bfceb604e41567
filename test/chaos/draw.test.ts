import { expect, test } from "bun:test";
import { drawRound } from "./draw.ts";
import type { Fault } from "./faults.ts";

const faults: readonly Fault[] = ["a", "b", "c", "d", "e"].flatMap((part) =>
  [1, 2].map((i) => ({ name: `${part}${i}`, part, act: () => Promise.resolve() })),
);
const rounds = Array.from({ length: 200 }, (_, i) => i + 1);
const play = (seed: number) =>
  rounds.map((round) => {
    const { faults: drawn, pauseMs } = drawRound(seed, round, faults);
    return { pauseMs, drawn: drawn.map(({ fault, draw }) => ({ name: fault.name, part: fault.part, draw })) };
  });

test("a run is a function of its seed", () => {
  expect(play(7)).toEqual(play(7));
  expect(play(7)).not.toEqual(play(8));
});

test("every fault comes once in as many rounds as there are faults, in another order each time", () => {
  const names = play(7).map(({ drawn }) => drawn[0]!.name);
  const cycle = (i: number): string[] => names.slice(i * faults.length, (i + 1) * faults.length);
  for (let i = 0; i < 20; i++) expect(new Set(cycle(i)).size).toBe(faults.length);
  expect(cycle(0)).not.toEqual(cycle(1));
});

test("two at once are never of one part", () => {
  const pairs = play(7).filter(({ drawn }) => drawn.length === 2);
  expect(pairs.length).toBeGreaterThan(30);
  for (const { drawn } of pairs) expect(drawn[0]!.part).not.toBe(drawn[1]!.part);
});
