import { expect, test } from "bun:test";
import type { Wheel } from "../fleet/wheel.ts";
import { untilOpened } from "./beats.ts";

test("a heartbeat waits while the stream is being opened, and no longer than ten seconds", async () => {
  let waitedMs = 0;
  const wheel = {
    after: (ms: number, run: () => void) => {
      waitedMs += ms;
      run();
    },
  } as Wheel;
  await untilOpened(wheel, () => false);
  expect(waitedMs).toBe(0);
  await untilOpened(wheel, () => waitedMs < 2_000);
  expect(waitedMs).toBe(2_000);
  await untilOpened(wheel, () => true);
  expect(waitedMs).toBe(12_000);
});
