import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { isPassing } from "./errors.ts";

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;

export interface Patience {
  readonly clock: Clock;
  /** After so long it is given up; 0: there is one try. */
  readonly waitMs: number;
  /** Ends the waiting with the error there was. */
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onWait: (error: AppError, waitMs: number) => void;
  readonly dice?: () => number;
}

/**
 * Tries until it works, the Console says no, the signal aborts or the time is over: a Console that is busy, starting or away for a moment is asked
 * again when it says, or after ever longer waits, each longer or shorter by up to a quarter so that nodes do not come back together.
 */
export async function withPatience<T>(run: () => Promise<T>, patience: Patience): Promise<T> {
  const { clock, signal, onWait, dice = Math.random } = patience;
  const endMs = clock.monotonicMs() + patience.waitMs;
  for (let backoffMs = FIRST_WAIT_MS; ; backoffMs = Math.min(MAX_WAIT_MS, backoffMs * 2)) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AppError) || !isPassing(error) || signal.aborted) throw error;
      const askedMs = error.retryAfterSecs === undefined ? backoffMs : error.retryAfterSecs * 1000;
      const waitMs = Math.round(askedMs * (0.75 + dice() / 2));
      if (clock.monotonicMs() + waitMs > endMs) throw error;
      onWait(error, waitMs);
      await clock.sleep(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
