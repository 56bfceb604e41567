import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { InventoryLoop } from "./inventory.ts";

/** A loop whose inventories are noted with their time, in seconds, and whether they are whole. */
function play(takes = true) {
  const clock = new ManualClock();
  const sent: [atSecs: number, full: boolean][] = [];
  const posted: number[] = [];
  const note = (full: boolean): void => void sent.push([Math.round(clock.monotonicMs() / 1000), full]);
  const loop = new InventoryLoop({
    client: { post: async () => void posted.push(1) },
    taker: {
      prepare: async (full) => {
        note(full);
        return { inventory: { is_full_snapshot: full, observed_at_us: 0 }, hashes: new Map() };
      },
      arrived: () => {},
      failed: () => {},
    },
    trust: { trusted: true, changed: new AbortController().signal },
    clock,
    log: silentLog,
    intervalMs: 15_000,
    stream: {
      settled: async () => {},
      inventory: async () => (takes ? { stored: [], unchanged: [] } : undefined),
    },
    dice: () => 0.5,
  });
  const stop = new AbortController();
  const done = loop.run(stop.signal);
  const pass = async (secs: number): Promise<void> => {
    for (let i = 0; i < secs; i++) {
      await clock.advance(1_000);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  };
  return { loop, sent, posted, pass, end: () => (stop.abort(), done) };
}

test("waits for the first heartbeat's answer; a small fleet sends every 15 s, by the stream", async () => {
  const { loop, sent, posted, pass, end } = play();
  await pass(3);
  expect(sent).toEqual([]);
  loop.pace(undefined);
  await pass(35);
  expect(sent.map(([, full]) => full)).toEqual([true, false, false]);
  expect(sent[2]![0] - sent[1]![0]).toBe(15);
  expect(posted).toEqual([]);
  await end();
});

test("a large fleet's lists are spread over its rhythm, but one asked for goes at once", async () => {
  const { loop, sent, pass, end } = play();
  loop.pace(500);
  await pass(240);
  expect(sent).toEqual([]);
  await pass(10);
  expect(sent).toHaveLength(1);
  await pass(100);
  loop.refresh();
  await pass(2);
  expect(sent).toHaveLength(2);
  expect(sent[1]![1]).toBe(true);
  // The Console has none: some time within the rhythm.
  loop.want();
  await pass(200);
  expect(sent).toHaveLength(2);
  await pass(60);
  expect(sent).toHaveLength(3);
  await end();
});

test("is posted where the stream does not take it, and without an answer to the first heartbeat all the same", async () => {
  const { sent, posted, pass, end } = play(false);
  await pass(17);
  expect([sent.length, posted.length]).toEqual([1, 1]);
  await end();
});
