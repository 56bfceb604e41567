import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { MessageBus } from "./bus.ts";
import type { Envelope, Link } from "./contract.ts";
import { Presence } from "./presence.ts";

const id = (n: number): string => `018f0000-0000-7000-8000-${String(n).padStart(12, "0")}`;

/** Two processes joined by a wire that can lose messages. */
function pair() {
  const clock = new ManualClock();
  const wire = { lose: (_message: Envelope): boolean => false };
  const make = (self: string) => {
    const bus = new MessageBus({ self, clock, log: silentLog, metrics: new Metrics() });
    return { bus, presence: new Presence({ bus, clock }) };
  };
  const [a, b] = [make("aaaa/1"), make("aaaa/2")];
  const join = (to: MessageBus, back: () => Link): Link => ({
    send: (message) => {
      // As over a socket: text, later.
      const text = JSON.stringify(message);
      if (!wire.lose(message)) to.receive(JSON.parse(text) as Envelope, back());
    },
  });
  const toA: Link = join(a.bus, () => toB);
  const toB: Link = join(b.bus, () => toA);
  a.bus.attach(toB);
  b.bus.attach(toA);
  const stop = new AbortController();
  const running = [a, b].flatMap(({ bus, presence }) => [bus.run(stop.signal), presence.run(stop.signal)]);
  const close = async (): Promise<void> => {
    stop.abort();
    await Promise.all(running);
  };
  return { clock, wire, a, b, toA, toB, close };
}

test("each knows the other's streams: as they come and go, and from before it came itself", async () => {
  const { clock, a, b, close } = pair();
  a.presence.connected(id(1));
  await clock.advance(250);
  expect([b.presence.has(id(1)), b.presence.has(id(2))]).toEqual([true, false]);
  for (let n = 2; n < 3_500; n++) a.presence.connected(id(n));
  a.presence.disconnected(id(1));
  await clock.advance(250);
  expect([b.presence.has(id(1)), b.presence.has(id(3_499))]).toEqual([false, true]);
  await close();
});

test("a lost message is noticed and the whole list asked for", async () => {
  const { clock, wire, a, b, close } = pair();
  wire.lose = ({ topic }) => topic === "streams";
  for (let n = 0; n < 2_500; n++) a.presence.connected(id(n));
  await clock.advance(500);
  expect(b.presence.has(id(7))).toBe(false);
  wire.lose = () => false;
  await clock.advance(5_500);
  expect([0, 1_500, 2_499].map((n) => b.presence.has(id(n)))).toEqual([true, true, true]);
  // And from then on by what changes.
  a.presence.disconnected(id(0));
  await clock.advance(250);
  expect([b.presence.has(id(0)), b.presence.has(id(1))]).toEqual([false, true]);
  await close();
});

test("whoever is gone or silent has no streams any more", async () => {
  const { clock, wire, a, b, toA, close } = pair();
  a.presence.connected(id(1));
  await clock.advance(250);
  wire.lose = () => true;
  await clock.advance(20_000);
  expect(b.presence.has(id(1))).toBe(false);
  wire.lose = () => false;
  await clock.advance(6_000);
  expect(b.presence.has(id(1))).toBe(true);
  b.bus.detach(toA);
  expect(b.presence.has(id(1))).toBe(false);
  await close();
});

test("a sensor is asked to report where its stream is, and its arrival elsewhere is told", async () => {
  const { clock, a, b, close } = pair();
  const asked: string[] = [];
  const moved: string[] = [];
  a.presence.serve(
    (sensorId, what) => {
      asked.push(`${sensorId} ${what}`);
      return sensorId === id(1);
    },
    () => {},
    () => {},
  );
  const opened: string[] = [];
  b.presence.serve(
    () => false,
    (sensorId) => moved.push(sensorId),
    (sensorId, startId) => opened.push(`${sensorId} ${startId}`),
  );
  a.presence.connected(id(1));
  await clock.advance(250);
  expect(moved).toEqual([id(1)]);
  // Each hello is told, also of a sensor that had a stream here before.
  for (const start of ["00000000000000aa", "00000000000000bb"]) {
    a.presence.opened(id(1), start);
    await clock.advance(250);
  }
  await clock.advance(500);
  expect(opened).toEqual([`${id(1)} 00000000000000aa`, `${id(1)} 00000000000000bb`]);
  expect([b.presence.refresh(id(1), "inventory"), b.presence.refresh(id(2), "inventory")]).toEqual([true, false]);
  expect(asked).toEqual([`${id(1)} inventory`]);
  await close();
});

test("what another process sends is checked", async () => {
  const { a, toB, close } = pair();
  const send = (topic: string, body: unknown): void => a.bus.receive({ from: "bbbb/0", topic, body }, toB);
  for (const body of [null, 7, {}, { version: 1, add: [7], remove: [] }, { version: 1, add: Array(9_999).fill("x") }])
    for (const topic of ["streams", "streams-opened", "streams-all", "streams-alive", "refresh", "gone", "nothing"])
      send(topic, body);
  expect(a.presence.has("x")).toBe(false);
  await close();
});
