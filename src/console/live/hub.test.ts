import { describe, expect, test } from "bun:test";
import { generateEvents } from "../../../test/harness/events.ts";
import type { LiveDown } from "../../core/api/events.ts";
import { ManualClock } from "../../core/clock.ts";
import type { Severity } from "../../core/event/severity.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { Principal } from "../http/env.ts";
import type { StoredEvent } from "../stores/runtime-event-row.ts";
import { createLiveHub, MAX_PER_USER, type RunningHub } from "./hub.ts";
import { Sample } from "./sample.ts";
import type { Watcher } from "./watcher.ts";

const TENANT = "01900000-0000-7000-8000-00000000000a";
const HOST = { sensorId: "018f0000-0000-7000-8000-000000000001", nodeName: "node-1" };
const principal = (userId = "u1", tenantId = TENANT): Principal => ({
  userId,
  tenantId,
  email: "a@b.c",
  role: "analyst",
  sessionHash: `hash of ${userId}`,
});
const events = (
  count: number,
  more: (event: StoredEvent["event"], i: number) => Partial<StoredEvent["event"]> = () => ({}),
): StoredEvent[] =>
  [...generateEvents({ seed: 1, tenantId: TENANT, hosts: [HOST], count, fromUs: 1e15, toUs: 1e15 + 1e9 })].map(
    (stored, i) => ({
      ...stored,
      event: { ...stored.event, ...more(stored.event, i) },
    }),
  );

interface Setup {
  readonly hub: RunningHub;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  readonly alive: Set<string>;
  readonly watch: (who?: Principal) => {
    watcher: Watcher;
    frames: LiveDown[];
    closed: number[];
    accept: { more: boolean };
  };
}

function setup(): Setup {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const alive = new Set(["hash of u1", "hash of u2"]);
  const sessions = { isAlive: (hash: string) => Promise.resolve(alive.has(hash)) };
  const hub = createLiveHub({ sessions, clock, log: silentLog, metrics, random: () => 0.5 });
  return {
    hub,
    clock,
    metrics,
    alive,
    watch(who = principal()) {
      const frames: LiveDown[] = [];
      const closed: number[] = [];
      const accept = { more: true };
      const sink = {
        send: (frame: LiveDown) => {
          frames.push(frame);
          return accept.more;
        },
        close: (code: number) => void closed.push(code),
      };
      return { watcher: hub.join(who, sink), frames, closed, accept };
    },
  };
}

const total = (frames: readonly LiveDown[]): { shown: number; out: number } => {
  let [shown, out] = [0, 0];
  for (const frame of frames)
    if (frame.type === "events") {
      shown += frame.events.length;
      out += frame.sampled_out;
    }
  return { shown, out };
};

describe("Sample", () => {
  test("keeps what fits, in order, and counts the rest", () => {
    const sample = new Sample<number>(() => 0.99);
    for (let i = 0; i < 10; i++) sample.offer(() => i, "info", 4);
    expect(sample.take()).toEqual({ values: [0, 1, 2, 3], passedOver: 6 });
    expect(sample.take()).toEqual({ values: [], passedOver: 0 });
  });

  test("milder ones make way for more severe ones, never the other way", () => {
    const sample = new Sample<string>(Math.random);
    const severities: Severity[] = ["info", "warning", "high", "critical"];
    for (let i = 0; i < 1000; i++) sample.offer(() => severities[i % 4]!, severities[i % 4]!, 300);
    const { values, passedOver } = sample.take();
    const count = (severity: string): number => values.filter((v) => v === severity).length;
    expect([count("critical"), count("high"), count("warning"), count("info"), passedOver]).toEqual([
      250, 50, 0, 0, 700,
    ]);
  });

  test("is fair among equals", () => {
    const hits = Array.from({ length: 100 }, () => 0);
    for (let round = 0; round < 2000; round++) {
      const sample = new Sample<number>(Math.random);
      for (let i = 0; i < 100; i++) sample.offer(() => i, "info", 10);
      for (const value of sample.take().values) hits[value]!++;
    }
    // 200 expected each; six standard deviations either way.
    for (const count of hits) expect(Math.abs(count - 200)).toBeLessThan(85);
  });
});

describe("the live hub", () => {
  test("shows nothing before a filter is set, and then what fits it, once", () => {
    const { hub, watch } = setup();
    const { watcher, frames } = watch();
    hub.offer(TENANT, () => events(10));
    hub.flush();
    expect(frames).toEqual([]);
    watcher.subscribe([{ op: "in", column: "event_kind", values: ["process_exec"] }], 100);
    const offered = events(50);
    hub.offer(TENANT, () => offered);
    hub.flush();
    hub.flush();
    expect(frames).toHaveLength(1);
    const execs = offered.filter((e) => e.event.kind === "process_exec");
    expect(frames[0]).toMatchObject({ type: "events", sampled_out: 0 });
    expect(total(frames).shown).toBe(execs.length);
  });

  test("asks for no objects where the severities say that nobody wants them, and shows the same", () => {
    const { hub, watch } = setup();
    const { watcher, frames } = watch();
    watcher.subscribe([{ op: "in", column: "severity", values: ["critical"] }], 100);
    const offered = events(6, (_event, i) => ({ severity: i === 4 ? "critical" : "warning" }));
    let asked = 0;
    const give = (): StoredEvent[] => (asked++, offered);
    hub.offer(TENANT, give, Uint8Array.of(1, 1, 1, 1));
    expect(asked).toBe(0);
    hub.offer(TENANT, give, Uint8Array.of(1, 1, 1, 1, 3, 1));
    hub.flush();
    expect(asked).toBe(1);
    const shown = frames.flatMap((frame) => (frame.type === "events" ? frame.events : []));
    expect(shown.map((row) => row.message)).toEqual([offered[4]!.event.message]);
    watcher.subscribe(
      [
        { op: "in", column: "severity", values: ["critical", "high"] },
        { op: "word", value: "\n" },
      ],
      100,
    );
    hub.offer(TENANT, give, Uint8Array.of(3, 0, 0, 0, 0, 0));
    hub.flush();
    expect([asked, frames.length]).toEqual([2, 1]);
  });

  test("never shows one tenant's events or sensors to another", () => {
    const { hub, watch } = setup();
    const stranger = watch(principal("u2", "01900000-0000-7000-8000-00000000000b"));
    stranger.watcher.subscribe([], 1000);
    hub.offer(TENANT, () => events(10));
    hub.sensorChanged(TENANT, HOST.sensorId, "connected");
    hub.flush();
    expect(stranger.frames).toEqual([]);
  });

  test("keeps to the rate and says how many it passed over", async () => {
    const { hub, clock, watch } = setup();
    const { watcher, frames } = watch();
    watcher.subscribe([], 10);
    for (let second = 0; second < 20; second++) {
      for (let tick = 0; tick < 4; tick++) {
        hub.offer(TENANT, () => events(100));
        hub.flush();
        await clock.advance(250);
      }
    }
    const { shown, out } = total(frames);
    expect(shown).toBeLessThanOrEqual(10 * 21);
    expect(shown).toBeGreaterThan(10 * 18);
    hub.flush();
    expect(total(frames).shown + total(frames).out).toBe(8000);
    expect(out).toBeGreaterThan(7700);
  });

  test("a slow browser gets no more until it has drained; what it missed is counted and memory stays bounded", async () => {
    const { hub, clock, watch, metrics } = setup();
    const { watcher, frames, accept } = watch();
    watcher.subscribe([], 100);
    accept.more = false;
    hub.offer(TENANT, () => events(1));
    hub.flush();
    for (let i = 0; i < 50; i++) {
      hub.offer(TENANT, () => events(1000));
      hub.flush();
      await clock.advance(250);
    }
    expect(frames).toHaveLength(1);
    accept.more = true;
    watcher.drained();
    hub.flush();
    expect(total(frames)).toEqual({ shown: 101, out: 49_900 });
    expect(metrics.value("telovix_console_live_sampled_out_total")).toBe(49_900);
  });

  test("while paused events are counted, not sent", () => {
    const { hub, watch } = setup();
    const { watcher, frames } = watch();
    watcher.subscribe([], 100);
    watcher.pause();
    hub.offer(TENANT, () => events(30));
    hub.flush();
    expect(frames).toEqual([]);
    // The same filter again, as a page sends it when it goes on, does not hide what was missed.
    watcher.subscribe([], 100);
    watcher.resume();
    hub.flush();
    expect(total(frames)).toEqual({ shown: 0, out: 30 });
  });

  test("changes of a sensor are told once a flush; a heartbeat does not hide a connection", () => {
    const { hub, watch } = setup();
    const { frames } = watch();
    for (const change of ["connected", "heartbeat", "heartbeat"] as const)
      hub.sensorChanged(TENANT, HOST.sensorId, change);
    hub.flush();
    expect(frames).toEqual([{ type: "sensor", sensor_id: HOST.sensorId, change: "connected" }]);
  });

  test("a person has a bounded number of views", () => {
    const { hub, watch } = setup();
    const first = watch();
    for (let i = 1; i < MAX_PER_USER; i++) watch();
    expect(() => watch()).toThrow("Too many live views");
    watch(principal("u2"));
    hub.leave(first.watcher);
    watch();
  });

  test("closes the sockets of sessions that have ended, keeps the others, and stops when told", async () => {
    const { hub, clock, watch, alive } = setup();
    const [ended, lives] = [watch(principal("u1")), watch(principal("u2"))];
    const stop = new AbortController();
    const done = hub.run(stop.signal);
    alive.delete("hash of u1");
    await clock.advance(15_500);
    expect([ended.closed, lives.closed]).toEqual([[4401], []]);
    stop.abort();
    await done;
    expect(clock.sleeping).toBeLessThanOrEqual(1);
  });
});
