import { describe, expect, test } from "bun:test";
import { drawRound, drawShort } from "./draw.ts";
import { faultsOf, type Fault, type Parts } from "./faults.ts";

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

describe("the short form", () => {
  const one = { workers: false, redis: false, kafka: false, sensor: true, surroundings: true };
  const KINDS = { one, redis: { ...one, workers: true, redis: true }, kafka: { ...one, workers: true, kafka: true } };
  const drawn = (seed: number, rounds: number, parts: Readonly<Record<string, Parts>>) =>
    drawShort(
      seed,
      rounds,
      Object.entries(parts).map(([kind, p]) => ({ kind, faults: faultsOf(p) })),
    );
  const bare = { ...one, sensor: false, surroundings: false };

  test("does every fault at least once over the kinds, as often as asked, and none that a kind cannot do", () => {
    for (const [rounds, parts] of [
      [4, KINDS],
      [6, { one, redis: KINDS.redis }],
      [12, { one }],
      [12, { bare }],
    ] as const)
      for (let seed = 0; seed < 200; seed++) {
        const plan = drawn(seed, rounds, parts);
        const done = new Set<string>();
        for (const [kind, draws] of plan) {
          const able = new Set(faultsOf((parts as Readonly<Record<string, Parts>>)[kind]!).map((f) => f.name));
          expect(draws.length).toBe(rounds);
          for (const { faults: some } of draws) {
            expect(some.length).toBeGreaterThan(0);
            expect(some.length).toBeLessThanOrEqual(2);
            expect(new Set(some.map(({ fault }) => fault.part)).size).toBe(some.length);
            for (const { fault } of some) {
              expect(able.has(fault.name)).toBe(true);
              done.add(fault.name);
            }
          }
        }
        expect(done).toEqual(new Set(Object.values(parts).flatMap((p) => faultsOf(p).map((f) => f.name))));
      }
  });

  test("is a function of its seed", () => {
    const names = (seed: number) => JSON.stringify([...drawn(seed, 4, KINDS)]);
    expect(names(7)).toBe(names(7));
    expect(names(7)).not.toBe(names(8));
  });
});
