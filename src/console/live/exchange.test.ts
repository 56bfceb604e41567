import { expect, test } from "bun:test";
import { generateEvents } from "../../../test/harness/events.ts";
import type { LiveDown } from "../../core/api/events.ts";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { MessageBus } from "../shared/bus.ts";
import type { Envelope, Link } from "../shared/contract.ts";
import type { StoredEvent } from "../stores/runtime-event-row.ts";
import { parseFilter } from "../events/filter.ts";
import { createLiveHub } from "./hub.ts";

const TENANT = "01900000-0000-7000-8000-00000000000a";
const OTHER = "01900000-0000-7000-8000-00000000000b";
const SENSOR = "018f0000-0000-7000-8000-000000000001";
const principal = { userId: "u1", tenantId: TENANT, email: "a@b.c", role: "analyst" as const, sessionHash: "hash" };

const events = (count: number, tenantId = TENANT): StoredEvent[] => [
  ...generateEvents({
    seed: 1,
    tenantId,
    hosts: [{ sensorId: SENSOR, nodeName: "node-1" }],
    count,
    fromUs: 1e15,
    toUs: 1e15 + 1e9,
  }),
];

/** Two processes with a hub each; `sent` counts what goes over the wire between them. */
function pair() {
  const clock = new ManualClock();
  const sent: Envelope[] = [];
  const make = (self: string) => {
    const metrics = new Metrics();
    const bus = new MessageBus({ self, clock, log: silentLog, metrics });
    const sessions = { isAlive: () => Promise.resolve(true) };
    const hub = createLiveHub({ sessions, bus, clock, log: silentLog, metrics, random: () => 0.5 });
    return { bus, hub, metrics };
  };
  const [a, b] = [make("aaaa/1"), make("bbbb/0")];
  const link = (to: MessageBus, back: () => Link): Link => ({
    send: (message) => {
      sent.push(message);
      to.receive(JSON.parse(JSON.stringify(message)) as Envelope, back());
    },
  });
  const toA: Link = link(a.bus, () => toB);
  const toB: Link = link(b.bus, () => toA);
  a.bus.attach(toB);
  b.bus.attach(toA);
  const watch = (hub: typeof a.hub) => {
    const frames: LiveDown[] = [];
    const sink = { send: (frame: LiveDown) => frames.push(frame) > 0, close: () => {} };
    const watcher = hub.join(principal, sink);
    const shown = (): [number, number] => {
      const lists = frames.flatMap((frame) => (frame.type === "events" ? [frame] : []));
      return [
        lists.reduce((sum, f) => sum + f.events.length, 0),
        lists.reduce((sum, f) => sum + f.events.length + f.sampled_out, 0),
      ];
    };
    return { watcher, frames, shown };
  };
  const flush = (): void => {
    b.hub.flush();
    a.hub.flush();
  };
  return { clock, sent, a, b, toB, watch, flush };
}

test("a browser sees what another process took in, filtered and sampled there", () => {
  const { a, b, sent, watch, flush } = pair();
  const view = watch(a.hub);
  const filter = { kind: ["process_exec" as const] };
  view.watcher.subscribe(parseFilter(filter), 100, filter);
  const all = events(5_000);
  const wanted = all.filter(({ event }) => event.kind === "process_exec").length;
  expect(wanted).toBeGreaterThan(200);
  b.hub.offer(TENANT, () => all);
  b.hub.offer(OTHER, () => events(100, OTHER));
  flush();
  // As many as the browser takes, and the rest by number: exactly as if they had been taken in here.
  expect(view.shown()).toEqual([100, wanted]);
  const rows = sent.filter(({ topic }) => topic === "live");
  expect(rows.length).toBe(1);
  expect(JSON.stringify(rows).length).toBeLessThan(100_000);
});

test("without a browser elsewhere nothing is sent; with one, changes of its tenant's sensors are", () => {
  const { a, b, sent, watch, flush } = pair();
  sent.length = 0;
  b.hub.offer(TENANT, () => events(100));
  b.hub.sensorChanged(TENANT, SENSOR, "heartbeat");
  flush();
  expect(sent).toEqual([]);
  const view = watch(a.hub);
  b.hub.sensorChanged(TENANT, SENSOR, "heartbeat");
  b.hub.sensorChanged(TENANT, SENSOR, "connected");
  b.hub.sensorChanged(OTHER, SENSOR, "connected");
  flush();
  expect(view.frames).toEqual([{ type: "sensor", sensor_id: SENSOR, change: "connected" }]);
  a.hub.leave(view.watcher);
  sent.length = 0;
  b.hub.sensorChanged(TENANT, SENSOR, "disconnected");
  flush();
  expect(sent).toEqual([]);
});

test("of several changes at once the one that says most is told, in whatever order processes tell them", () => {
  const { a, b, watch, flush } = pair();
  const view = watch(a.hub);
  b.hub.sensorChanged(TENANT, SENSOR, "connected");
  b.hub.flush();
  a.hub.sensorChanged(TENANT, SENSOR, "enrolled");
  a.hub.sensorChanged(TENANT, SENSOR, "heartbeat");
  flush();
  expect(view.frames).toEqual([{ type: "sensor", sensor_id: SENSOR, change: "connected" }]);
  a.hub.sensorChanged(TENANT, SENSOR, "revoked");
  a.hub.sensorChanged(TENANT, SENSOR, "disconnected");
  flush();
  expect(view.frames.at(-1)).toEqual({ type: "sensor", sensor_id: SENSOR, change: "revoked" });
});

test("pausing, another filter and leaving reach the other process", () => {
  const { a, b, watch, flush } = pair();
  const view = watch(a.hub);
  view.watcher.subscribe([], 100, {});
  view.watcher.pause();
  b.hub.offer(TENANT, () => events(10));
  flush();
  expect(view.shown()).toEqual([0, 0]);
  view.watcher.resume();
  flush();
  expect(view.shown()).toEqual([0, 10]);
  view.watcher.subscribe(parseFilter({ sensor_id: [OTHER] }), 100, { sensor_id: [OTHER] });
  b.hub.offer(TENANT, () => events(10));
  flush();
  expect(view.shown()).toEqual([0, 10]);
  b.metrics.render();
  expect(b.metrics.value("telovix_console_live_taps")).toBe(1);
  a.hub.leave(view.watcher);
  b.metrics.render();
  expect(b.metrics.value("telovix_console_live_taps")).toBe(0);
});

test("a process that comes later is told of every browser; one that goes is forgotten", async () => {
  const { clock, a, b, toB, watch } = pair();
  watch(a.hub).watcher.subscribe([], 10, {});
  watch(a.hub);
  const taps = (): number => {
    b.metrics.render();
    return b.metrics.value("telovix_console_live_taps");
  };
  expect(taps()).toBe(2);
  b.bus.receive({ from: "aaaa/1", topic: "gone", body: "aaaa/1" }, { send: () => {} });
  expect(taps()).toBe(2);
  b.bus.receive({ from: "aaaa/1", topic: "watching", body: { ids: [2] } }, toB);
  expect(taps()).toBe(1);
  const stop = new AbortController();
  const running = a.bus.run(stop.signal);
  a.bus.receive({ from: "bbbb/0", topic: "join", body: null }, toB);
  await clock.advance(300);
  expect(taps()).toBe(2);
  stop.abort();
  await clock.advance(300);
  await running;
  expect(taps()).toBe(0);
});

test("what another process sends is checked", () => {
  const { a, watch, toB } = pair();
  const view = watch(a.hub);
  view.watcher.subscribe([], 10, {});
  const bodies: unknown[] = [
    null,
    7,
    [],
    {},
    { id: 1 },
    { id: 1, rows: [7], passed: 0 },
    { id: 1, rows: [{}], passed: 0 },
  ];
  bodies.push(
    { id: 1, rows: [{ severity: "grave" }], passed: 0 },
    { id: 1, tenant: "x".repeat(36), filter: { kind: 7 } },
  );
  bodies.push({ tenant: TENANT, changes: [[SENSOR, "exploded"]] }, { ids: "all" });
  for (const topic of ["watch", "unwatch", "watching", "live", "sensors"])
    for (const body of bodies) a.bus.receive({ from: "bbbb/0", topic, body }, toB);
  a.hub.flush();
  expect(view.frames).toEqual([]);
});
