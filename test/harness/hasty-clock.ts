import { systemClock, type Clock } from "../../src/core/clock.ts";

/** The time it is, but nobody waits longer than this between two looks at something. */
const MOST_MS = 100;

/** For a Console whose own looks (at its disk, its stores, its jobs) a test waits for. What is given time to answer is given less too. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, MOST_MS), signal),
};
