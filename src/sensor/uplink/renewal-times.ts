const HOUR_MS = 3_600_000;
/** From here on the sensor renews, at a moment of its own: a fleet that was enrolled in one minute must not come back in one. */
export const RECOMMENDED_MS = 72 * HOUR_MS;
/** From here on it tries often, and says that it is late. */
export const DUE_MS = 24 * HOUR_MS;
const SPREAD_MS = 12 * HOUR_MS;
const RETRY_MS = 6 * HOUR_MS;
const DUE_RETRY_MS = 15 * 60_000;

/** When to try first; times by the Console's clock. `dice` is between 0 and 1. */
export function firstTry(expiresMs: number, dice: number): number {
  return expiresMs - RECOMMENDED_MS + dice * SPREAD_MS;
}

/** When to try again after a failure at `nowMs`. */
export function nextTry(expiresMs: number, nowMs: number, dice: number): number {
  const late = expiresMs - DUE_MS;
  const wait = (ms: number): number => nowMs + ms * (0.75 + dice / 2);
  // The second mark is not slept through; but nobody keeps the whole fleet from coming at it at once other than the dice.
  if (nowMs < late) return Math.min(wait(RETRY_MS), late + dice * DUE_RETRY_MS);
  return wait(DUE_RETRY_MS);
}
