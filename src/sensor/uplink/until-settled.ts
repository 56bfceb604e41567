import type { Clock } from "../../core/clock.ts";

/** Posted, a message costs a connection of its own, just when a whole fleet comes back. */
const STREAM_WAIT_MS = 10_000;

/** Waits while a stream is being opened, for ten seconds at most. */
export async function untilSettled(
  stream: { settled(): Promise<void> } | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const late = new AbortController();
  await Promise.race([stream?.settled(), clock.sleep(STREAM_WAIT_MS, AbortSignal.any([signal, late.signal]))]);
  late.abort();
}
