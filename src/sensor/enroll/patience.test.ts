import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import type { AppError } from "../../core/error.ts";
import { refusal, unreachable } from "./errors.ts";
import { withPatience } from "./patience.ts";

const url = new URL("https://console.test");
const busy = (status: number, after?: string): Promise<AppError> =>
  refusal(new Response("", { status, ...(after === undefined ? {} : { headers: { "retry-after": after } }) }));
const refused = (): AppError => unreachable(url, Object.assign(new Error("refused"), { code: "ConnectionRefused" }));

function play(errors: (AppError | undefined)[]) {
  const clock = new ManualClock();
  const waits: number[] = [];
  const stop = new AbortController();
  let tries = 0;
  const run = async (): Promise<string> => {
    const error = errors[Math.min(tries++, errors.length - 1)];
    if (error) throw error;
    return "in";
  };
  const onWait = (_error: AppError, waitMs: number): void => void waits.push(waitMs);
  const done = withPatience(run, { clock, waitMs: 600_000, signal: stop.signal, onWait, dice: () => 0.5 }).catch(
    (error: unknown) => error,
  );
  return { clock, waits, stop, done, tries: () => tries };
}

test("a busy Console is asked again when it says, one that is away after ever longer waits", async () => {
  const { clock, waits, done } = play([await busy(503, "7"), await busy(429), refused(), undefined]);
  for (let i = 0; i < 20; i++) await clock.advance(1_000);
  expect(await done).toBe("in");
  expect(waits).toEqual([7_000, 2_000, 4_000]);
});

test("ten minutes, and no more; Ctrl-C ends it at once, each with the error there was", async () => {
  const away = refused();
  const { clock, waits, done } = play([away]);
  for (let i = 0; i < 700; i++) await clock.advance(1_000);
  expect(await done).toBe(away);
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(600_000);
  expect(Math.max(...waits)).toBe(30_000);
  const cut = play([away]);
  await cut.clock.advance(500);
  cut.stop.abort();
  expect(await cut.done).toBe(away);
});

test("a Console that says no, or is none, is asked once", async () => {
  const wrong = unreachable(url, Object.assign(new Error("no such host"), { code: "ENOTFOUND" }));
  for (const no of [await busy(401), await busy(404), await busy(500), wrong]) {
    const { done, tries } = play([no]);
    expect(await done).toBe(no);
    expect(tries()).toBe(1);
  }
});
