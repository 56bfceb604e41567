import type { Histogram } from "../fleet/histogram.ts";
import { untilUp, type Stage } from "./stage.ts";

/** Others may take so many times as long as before, or so long in any case. */
const TIMES = 3;
const FREE_MS = 1_000;
/** Reports asked for in each half of the run. */
const ROUNDS = 3;
/** The last of them so long before the end. */
const BEFORE_END_MS = 500;

interface Times {
  readonly heartbeatMs: Histogram;
  readonly ackMs: Histogram;
}

/** What is wrong with how long the others took before the rogue began, and since; undefined: nothing. */
export function slowedDown(before: Times, since: Times, figures: Record<string, number>): string | undefined {
  for (const [name, was, is] of [
    ["heartbeat", before.heartbeatMs, since.heartbeatMs],
    ["ack", before.ackMs, since.ackMs],
  ] as const) {
    const [wasMs, isMs] = [was.quantile(0.99), is.quantile(0.99)];
    figures[`others_${name}_p99_before_ms`] = Math.round(wasMs);
    figures[`others_${name}_p99_ms`] = Math.round(isMs);
    if (was.count === 0 || is.count === 0)
      return `there was no ${name} of the others to compare: let the run be longer`;
    if (isMs > Math.max(FREE_MS, TIMES * wasMs))
      return `the others' ${name}s took ${Math.round(isMs)} ms (p99) instead of ${Math.round(wasMs)} ms`;
  }
  return undefined;
}

const apart = (a: Times, b: Times): Times => ({
  heartbeatMs: b.heartbeatMs.since(a.heartbeatMs),
  ackMs: b.ackMs.since(a.ackMs),
});

/** Compares the sensors that keep the rules with themselves: before the rogue starts, and until the last event. */
export async function compareOthers(stage: Stage): Promise<string | undefined> {
  const { fleet, behaviour, rogues, bed, signal, say, figures, leftMs } = stage;
  const askUntil = async (isOver: () => Promise<boolean>): Promise<Times> => {
    for (let round = 0; !signal.aborted && !(await isOver()); round++) {
      if (round % 10 === 0 && round < ROUNDS * 10) await bed.control("POST", "/refresh");
      await Bun.sleep(100);
    }
    return (await fleet.status()).lawful;
  };
  if ((await untilUp(fleet, behaviour.n - rogues, signal)) === undefined) return "not every sensor came up";
  const start = (await fleet.status()).lawful;
  const middle = await askUntil(async () => (await fleet.status()).live >= behaviour.n || leftMs() < BEFORE_END_MS);
  if (leftMs() < BEFORE_END_MS) return "the rogue never came up";
  say("the rogue has started");
  const end = await askUntil(() => Promise.resolve(leftMs() < BEFORE_END_MS));
  return slowedDown(apart(start, middle), apart(middle, end), figures);
}
