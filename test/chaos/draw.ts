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
function shuffled(seed: number, cycle: number, faults: readonly Fault[]): Fault[] {
  return faults
    .map((fault, i) => ({ fault, at: mix(seed, 1, cycle, i) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
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
