import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import type { Heartbeat, HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import { testHeartbeat } from "../../../test/harness/sensor-messages.ts";
import { HeartbeatLoop, type HeartbeatOptions } from "./heartbeat.ts";

/** Heartbeats by a stream to a Console that wants so many seconds between inventories: when each came, and whether with sockets. */
async function beats(count: number, secsAt: (beat: number) => number | undefined): Promise<[number, boolean][]> {
  const clock = new ManualClock();
  const startMs = clock.monotonicMs();
  const came: [number, boolean][] = [];
  const answer = (body: Heartbeat): HeartbeatResponse => {
    came.push([(clock.monotonicMs() - startMs) / 1000, body.connections !== undefined]);
    const secs = secsAt(came.length - 1);
    return {
      server_time_us: clock.nowMs() * 1000,
      rejected: [],
      heartbeat_interval_ms: 10_000,
      trust_health: "healthy",
      want_full: false,
      ...(secs === undefined ? {} : { inventory_interval_secs: secs }),
    };
  };
  const options = {
    client: { post: () => Promise.reject(new Error("posted")) },
    outbox: { claim: () => undefined, applyRejected: () => {} },
    trust: { seen: () => {}, confirmed: async () => {}, refused: async () => false },
    clock,
    log: silentLog,
    intervalMs: 10_000,
    collect: async () => testHeartbeat(),
    sockets: {
      prepareSockets: async () => ({ inventory: { connections: [] }, hashes: new Map(), sizeBytes: 2 }),
      arrived: () => {},
      failed: () => {},
    },
    stream: { settled: async () => {}, pace: () => {}, heartbeat: async (body: Heartbeat) => answer(body) },
    onWantFull: () => {},
    onInventoryPace: () => {},
    dice: () => 0.5,
  } as unknown as HeartbeatOptions;
  const stop = new AbortController();
  const done = new HeartbeatLoop(options).run(stop.signal);
  while (came.length < count) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
  }
  stop.abort();
  await done;
  return came.slice(0, count);
}

const withSockets = (came: readonly [number, boolean][]): number[] => came.flatMap(([at, has]) => (has ? [at] : []));

test("sockets go with every heartbeat but the first where the Console sets no rhythm", async () => {
  const came = await beats(5, () => undefined);
  expect(came.map(([, has]) => has)).toEqual([false, true, true, true, true]);
});

test("in a large fleet they go in its rhythm, the first time somewhere in it", async () => {
  const at = withSockets(await beats(40, () => 100));
  expect(at.length).toBeGreaterThanOrEqual(3);
  expect(at[0]).toBeGreaterThanOrEqual(50);
  expect(at[0]).toBeLessThan(70);
  for (const [i, ms] of at.slice(1).entries()) {
    expect(ms - at[i]!).toBeGreaterThanOrEqual(100);
    expect(ms - at[i]!).toBeLessThan(120);
  }
});

test("a fleet that has become smaller is not waited for", async () => {
  const came = await beats(8, (beat) => (beat < 3 ? 3_600 : undefined));
  expect(came.map(([, has]) => has)).toEqual([false, false, false, false, true, true, true, true]);
});
