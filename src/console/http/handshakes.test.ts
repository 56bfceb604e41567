import { expect, test } from "bun:test";
import { HandshakeGate } from "./handshakes.ts";

function setUp(places: number) {
  const begun: number[] = [];
  let due: ((nowMs: number) => void) | undefined;
  const gate = new HandshakeGate<{ closed: boolean; address: string; begin: () => void }>(
    places,
    250,
    (run) => void (due = run),
  );
  const connection = (n: number, address = "192.0.2.1") => ({
    closed: false,
    address,
    begin: () => void begun.push(n),
  });
  /** The next turn of the event loop. */
  const turn = (nowMs: number): void => {
    const run = due;
    due = undefined;
    run?.(nowMs);
  };
  const leave = (c: ReturnType<typeof connection>, nowMs: number): void => {
    gate.leave(c, nowMs);
    turn(nowMs);
  };
  return { gate, begun, connection, turn, leave };
}

test("so many handshakes run at once, the others in order of arrival", () => {
  const { gate, begun, connection, turn, leave } = setUp(2);
  const all = [0, 1, 2, 3, 4].map((n) => connection(n));
  expect(all.map((c) => gate.enter(c, 0))).toEqual([true, true, false, false, false]);
  turn(5);
  all[2]!.closed = true;
  leave(all[1]!, 10);
  expect(begun).toEqual([0, 1, 3]);
  leave(all[4]!, 10);
  leave(all[0]!, 10);
  expect([begun, gate.waiting]).toEqual([[0, 1, 3], 0]);
});

test("in one turn of the event loop two begin, and whoever comes meanwhile does not go before those that wait", () => {
  const { gate, begun, connection, turn } = setUp(64);
  const all = [0, 1, 2, 3, 4, 5].map((n) => connection(n));
  expect(all.slice(0, 5).map((c) => gate.enter(c, 0))).toEqual([true, true, false, false, false]);
  // Those that are through make no room in this turn.
  gate.leave(all[0]!, 0);
  expect(gate.waiting).toBe(3);
  turn(1);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(gate.enter(all[5]!, 1)).toBe(false);
  turn(2);
  expect([begun, gate.waiting]).toEqual([[0, 1, 2, 3, 4, 5], 0]);
  turn(3);
  // A turn without any leaves nothing behind.
  expect([gate.enter(connection(6), 4), gate.expectedWaitMs("192.0.2.1")]).toEqual([true, 0]);
});

test("who takes a place and stays silent loses it after a moment", () => {
  const { gate, begun, connection, turn } = setUp(1);
  gate.enter(connection(0), 0);
  turn(1);
  gate.enter(connection(1), 100);
  gate.sweep(249);
  expect(begun).toEqual([0]);
  gate.sweep(250);
  expect(begun).toEqual([0, 1]);
  turn(251);
  expect(gate.enter(connection(2), 500)).toBe(true);
});

test("an address that opens many waits for itself, not before the others", () => {
  const { gate, begun, connection, leave } = setUp(1);
  const many = [0, 1, 2, 3].map((n) => connection(n));
  const few = [4, 5].map((n) => connection(n, "192.0.2.2"));
  for (const c of [...many, ...few]) gate.enter(c, 0);
  for (const c of [many[0]!, many[1]!, few[0]!, many[2]!, few[1]!]) leave(c, 1);
  expect([begun, gate.waiting]).toEqual([[0, 1, 4, 2, 5, 3], 0]);
});

test("how long one would wait is told from how the turns came of late, for each address by its own line", () => {
  const { gate, connection, leave } = setUp(1);
  expect(gate.expectedWaitMs("192.0.2.1")).toBe(0);
  const all = Array.from({ length: 600 }, (_, n) => connection(n));
  for (const c of all) gate.enter(c, 0);
  expect(gate.expectedWaitMs("192.0.2.1")).toBe(600 * 2);
  // From here on a turn takes 20 ms, not 2.
  for (let n = 0; n < 400; n++) leave(all[n]!, (n + 1) * 20);
  expect(gate.expectedWaitMs("192.0.2.1")).toBeWithin(199 * 20, 200 * 20 + 1);
  // Somebody else has every second turn.
  expect(gate.expectedWaitMs("192.0.2.2")).toBeWithin(2 * 19, 2 * 20 + 1);
});
