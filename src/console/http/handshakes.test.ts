import { expect, test } from "bun:test";
import { HandshakeGate } from "./handshakes.ts";

function setUp(places: number) {
  const begun: number[] = [];
  const gate = new HandshakeGate<{ closed: boolean; begin: () => void }>(places, 250);
  const connection = (n: number) => ({ closed: false, begin: () => void begun.push(n) });
  return { gate, begun, connection };
}

test("so many handshakes run at once, the others in order of arrival", () => {
  const { gate, begun, connection } = setUp(2);
  const all = [0, 1, 2, 3, 4].map(connection);
  expect(all.map((c) => gate.enter(c, 0))).toEqual([true, true, false, false, false]);
  all[2]!.closed = true;
  gate.leave(all[1]!, 10);
  expect(begun).toEqual([0, 1, 3]);
  gate.leave(all[4]!, 10);
  gate.leave(all[0]!, 10);
  expect([begun, gate.waiting]).toEqual([[0, 1, 3], 0]);
});

test("who takes a place and stays silent loses it after a moment", () => {
  const { gate, begun, connection } = setUp(1);
  gate.enter(connection(0), 0);
  gate.enter(connection(1), 100);
  gate.sweep(249);
  expect(begun).toEqual([0]);
  gate.sweep(250);
  expect(begun).toEqual([0, 1]);
  expect(gate.enter(connection(2), 500)).toBe(true);
});
