import { notGreen, within, type Stage } from "./stage.ts";

/** The Console is asked so often how the sensors are. */
const LOOK_MS = 500;
/** What was asked for just before the end may still be answered. */
const ANSWER_MS = 5_000;
const ASK_AGAIN_MS = 2_000;
/** As a sensor notes that its stream was ended so. */
const REFUSED = "the Console said unavailable";

/** What the Console showed while something was down. */
export interface Shown {
  /** How often the Console said how its sensors are, and the most it showed as anything but well. */
  readonly answers: number;
  readonly notGreen: number;
}

/** The same, and what was heard of heartbeats. */
export interface Seen extends Shown {
  readonly heartbeats: number;
  readonly failed: number;
  /** Streams that the Console ended because it could not take events. */
  readonly ended: number;
}

/**
 * What is wrong with what was seen; undefined: nothing. Nineteen of twenty heartbeats have to be answered: on a host that is busy
 * besides, one may be late.
 */
export function faultOf(
  what: string,
  { heartbeats, failed, ended, answers, notGreen: many }: Seen,
): string | undefined {
  if (ended > 0) return `the Console ended ${ended} streams ${what}`;
  if (heartbeats === 0) return `no heartbeat was answered ${what}`;
  if (failed > heartbeats / 19) return `${failed} heartbeats failed ${what}, ${heartbeats} were answered`;
  return faultShown(what, { answers, notGreen: many });
}

/** The same of what the Console shows alone. */
export function faultShown(what: string, { answers, notGreen: many }: Shown): string | undefined {
  if (answers === 0) return `the Console did not say how its sensors are ${what}`;
  return many > 0 ? `the Console showed ${many} sensors as anything but well ${what}` : undefined;
}

/** Watches what the Console shows until `work` is done. */
export async function watchGreen(stage: Stage, work: () => Promise<unknown>): Promise<Shown> {
  let [answers, most] = [0, 0];
  const done = new AbortController();
  const watch = (async () => {
    while (!done.signal.aborted) {
      const many = await notGreen(stage).catch(() => undefined);
      if (many !== undefined) answers++;
      most = Math.max(most, many ?? 0);
      await Bun.sleep(LOOK_MS);
    }
  })();
  try {
    await work();
  } finally {
    done.abort();
    await watch;
  }
  stage.figures["looks_meanwhile"] = answers;
  stage.figures["not_green_meanwhile"] = most;
  return { answers, notGreen: most };
}

/** Asks every sensor to report; resolves when as many heartbeats more are answered or failed. */
async function askAll({ bed, fleet, signal, behaviour }: Stage): Promise<void> {
  const heard = async (): Promise<number> => {
    const { heartbeats, heartbeatFailures } = (await fleet.status()).tally.counts;
    return heartbeats + heartbeatFailures;
  };
  const before = await heard();
  // Who is asked for stands in PostgreSQL, which may be coming back itself: sensors report unasked, too.
  await bed.control("POST", "/refresh").catch(() => {});
  await within(signal, async () => (await heard()) >= before + behaviour.n, ANSWER_MS);
}

/** Asks every sensor to report until as many heartbeats more are answered; milliseconds it took, or undefined. */
export async function untilHeard({ bed, fleet, signal, behaviour }: Stage): Promise<number | undefined> {
  const heartbeats = async (): Promise<number> => (await fleet.status()).tally.counts.heartbeats;
  const before = await heartbeats();
  let askedMs = Number.NEGATIVE_INFINITY;
  return await within(signal, async () => {
    // What was asked for while something was away may have failed.
    if (performance.now() - askedMs > ASK_AGAIN_MS) {
      askedMs = performance.now();
      await bed.control("POST", "/refresh").catch(() => {});
    }
    return (await heartbeats()) >= before + behaviour.n;
  });
}

/** What is broken and mended again. */
interface Outage {
  readonly break: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Every sensor is asked to report again and again, not only once. */
  readonly askOn?: true;
  /** The Console cannot keep what is on its way, and has its sensors begin anew. */
  readonly endsStreams?: true;
}

/** Breaks something, and mends it after a while: meanwhile sensors stay green and heartbeats go on. Undefined, or what went wrong. */
export async function outage(
  stage: Stage,
  what: string,
  { break: down, mend, askOn, endsStreams }: Outage,
): Promise<string | undefined> {
  const { fleet, figures, outageMs, signal } = stage;
  const { counts: before, reasons: endedBefore } = (await fleet.status()).tally;
  const shown = await watchGreen(stage, async () => {
    const untilMs = performance.now() + outageMs;
    await down();
    // A short outage may lie between two heartbeats of everybody.
    await askAll(stage);
    while (performance.now() < untilMs && !signal.aborted) {
      await Bun.sleep(askOn ? LOOK_MS : 100);
      if (askOn) await askAll(stage);
    }
  });
  const { counts: after, reasons: endedAfter } = (await fleet.status()).tally;
  await mend();
  const seen: Seen = {
    ...shown,
    heartbeats: after.heartbeats - before.heartbeats,
    failed: after.heartbeatFailures - before.heartbeatFailures,
    ended: endsStreams ? 0 : (endedAfter[REFUSED] ?? 0) - (endedBefore[REFUSED] ?? 0),
  };
  figures["heartbeats_meanwhile"] = seen.heartbeats;
  figures["heartbeats_failed_meanwhile"] = seen.failed;
  return faultOf(what, seen);
}
