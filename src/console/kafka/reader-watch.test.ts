import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { createLog, silentLog } from "../../core/log.ts";
import { ReaderWatch } from "./reader-watch.ts";

test("a reader that cannot be mended is told once, tried again, and told again when it fails anew", async () => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const answers = ["away", "away", undefined, "away", "refused"];
  let tries = 0;
  const mend = (): Promise<void> => {
    const problem = answers[tries++];
    return problem === undefined ? Promise.resolve() : Promise.reject(new Error(problem));
  };
  const watch = new ReaderWatch({ mend, clock, log: createLog({ write: (line) => void lines.push(line) }) });
  const stop = new AbortController();
  const done = watch.run(stop.signal);
  for (let i = 1; i <= answers.length; i++) {
    await clock.advance(15_000);
    expect(tries).toBe(i);
  }
  stop.abort();
  await done;
  expect(lines.map((line) => /away|refused/.exec(line)?.[0])).toEqual(["away", "away", "refused"]);
});

test("a store that hangs does not hold up the end", async () => {
  const clock = new ManualClock();
  const begun = Promise.withResolvers<void>();
  const mend = (): Promise<never> => {
    begun.resolve();
    return new Promise(() => {});
  };
  const stop = new AbortController();
  const done = new ReaderWatch({ mend, clock, log: silentLog }).run(stop.signal);
  await clock.advance(15_000);
  await begun.promise;
  stop.abort();
  await done;
});
