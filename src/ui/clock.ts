import { signal } from "@preact/signals";

/** The present, in ms since 1970, moved on every five seconds: relative times read it. */
export const now = signal(Date.now());
/** The same every second, for countdowns. */
export const second = signal(Date.now());

/** Starts both; returns how to stop. */
export function startClock(): () => void {
  let ticks = 0;
  const timer = setInterval(() => {
    second.value = Date.now();
    if (++ticks % 5 === 0) now.value = second.value;
  }, 1000);
  return () => clearInterval(timer);
}
