/** Gives numbers from 0 to 1, 1 excluded. */
export type Dice = () => number;

const SPREAD = 0.2;

/** A time a tenth longer or shorter at most, so that a fleet that started together does not stay together. */
export function jitter(ms: number, dice: Dice = Math.random): number {
  return ms * (1 - SPREAD / 2 + SPREAD * dice());
}
