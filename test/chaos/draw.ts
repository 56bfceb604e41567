import { chance, mix } from "../../src/sim/mix.ts";
import type { Fault } from "./faults.ts";

/** Share of rounds in which two faults strike at once. */
const TWO = 0.3;

/** What happens in a round: a function of seed and number, so that a run can be played again. */
export interface Draw {
  readonly faults: readonly { readonly fault: Fault; readonly draw: number }[];
  readonly pauseMs: number;
}

/** Every fault comes once in as many rounds as there are faults, in an order that is drawn anew each time. */
function shuffled<T>(seed: number, cycle: number, values: readonly T[]): T[] {
  return values
    .map((value, i) => ({ value, at: mix(seed, 1, cycle, i) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** Round `round`, from 1. */
export function drawRound(seed: number, round: number, faults: readonly Fault[]): Draw {
  const at = round - 1;
  const first = shuffled(seed, Math.floor(at / faults.length), faults)[at % faults.length]!;
  const others = faults.filter((f) => f.part !== first.part);
  const second = chance(seed, 2, round) < TWO ? others[mix(seed, 3, round) % others.length] : undefined;
  return {
    faults: [first, ...(second ? [second] : [])].map((fault, i) => ({ fault, draw: chance(seed, 4, round, i) })),
    pauseMs: 300 + chance(seed, 5, round) * 1_700,
  };
}

/** What may be done to an installation of a kind. */
export interface KindFaults {
  readonly kind: string;
  readonly faults: readonly Fault[];
}

/**
 * A short run in which every fault comes at least once over the kinds: `rounds` draws for each kind. A function of the seed alone, also
 * where one kind only is played of it.
 */
export function drawShort(seed: number, rounds: number, kinds: readonly KindFaults[]): Map<string, Draw[]> {
  const able = (name: string): readonly KindFaults[] => kinds.filter((k) => k.faults.some((f) => f.name === name));
  const names = [...new Set(kinds.flatMap((k) => k.faults.map(({ name }) => name)))];
  const taken = new Map(kinds.map((k) => [k.kind, [] as Fault[]]));
  // What one kind alone can do first; the rest where there is most room.
  for (const name of shuffled(seed, 1, names).toSorted((a, b) => able(a).length - able(b).length)) {
    const room = able(name).map(({ kind, faults }) => {
      const own = taken.get(kind)!;
      const fault = faults.find((f) => f.name === name)!;
      return { own, fault, ofPart: own.filter((f) => f.part === fault.part).length };
    });
    const best = room.toSorted(
      (a, b) => Number(a.ofPart >= rounds) - Number(b.ofPart >= rounds) || a.own.length - b.own.length,
    )[0]!;
    best.own.push(best.fault);
  }
  return new Map(kinds.map(({ kind, faults }, i) => [kind, spread(seed + i, rounds, taken.get(kind)!, faults)]));
}

/** Deals faults out to rounds, those of one part to different ones; a round that gets none draws one. */
function spread(seed: number, rounds: number, faults: readonly Fault[], all: readonly Fault[]): Draw[] {
  const dealt = Array.from({ length: rounds }, (): Fault[] => []);
  const byPart = [...Map.groupBy(faults, (f) => f.part).values()];
  for (const [i, fault] of shuffled(seed, 2, byPart).flat().entries()) dealt[i % rounds]!.push(fault);
  return shuffled(seed, 3, dealt).map((own, i) => {
    const { faults: drawn, pauseMs } = drawRound(seed, i + 1, all);
    return {
      faults: own.length === 0 ? drawn : own.map((fault, at) => ({ fault, draw: chance(seed, 4, i + 1, at) })),
      pauseMs,
    };
  });
}
