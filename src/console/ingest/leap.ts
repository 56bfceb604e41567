import { AppError } from "../../core/error.ts";
import type { Lane } from "./lanes.ts";
import { busy } from "./pressure.ts";
import type { HandedOver } from "./take-batch.ts";

/** No sensor has given so many numbers: more than a year at 20,000 a second. */
const MAX_LEAP = 2 ** 40;
/** A sensor that insists comes again from the beginning; frames that were on their way already do not count. */
const INSIST_MS = 1_000;

/**
 * Why a batch that begins behind numbers the Console has not seen is not taken: the sensor may still have them, since a frame before
 * it was put off or got lost. Whoever begins there again, some time later and without what is missing, does not have it any more, and
 * the ledger says so. Of a sequence this Console has nothing of, what the sensor has handed over elsewhere (`handed`) may be left out
 * at once. A leap beyond all measure is an AppError `invalid_request`.
 */
export function leapOf(
  lane: Lane,
  firstSeq: number,
  handed: HandedOver | undefined,
  nowMs: number,
): AppError | undefined {
  const next = lane.queuedSeq + 1;
  if (firstSeq <= next || isPresent(lane, next, firstSeq - 1)) {
    lane.leap = undefined;
    return undefined;
  }
  if (firstSeq - next > MAX_LEAP)
    return new AppError("invalid_request", `/first_seq: is far beyond ${lane.durableSeq}, which the Console has`, {
      pointer: "/first_seq",
    });
  // Only where nothing is known: elsewhere another process may have more of it than this one, and is asked for it below.
  const isGone = lane.queuedSeq === 0 && firstSeq - 1 <= (handed?.acked ?? 0);
  if (isGone || (lane.leap?.to === firstSeq && nowMs - lane.leap.sinceMs >= INSIST_MS)) {
    lane.leap = undefined;
    return undefined;
  }
  if (lane.leap?.to !== firstSeq) {
    lane.leap = { to: firstSeq, sinceMs: nowMs };
    // Another process may have taken what is missing here: the stores are asked before anybody insists.
    if (lane.pending === 0) lane.stale = true;
  }
  return busy(`The Console has this sequence up to ${lane.durableSeq}; the batch begins at ${firstSeq}.`);
}

/** True when every number of a stretch is stored already. */
function isPresent({ present }: Lane, from: number, to: number): boolean {
  const [range] = present?.between(from, to) ?? [];
  return range !== undefined && range[0] === from && range[1] === to;
}
