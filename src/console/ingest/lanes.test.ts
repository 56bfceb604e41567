import { describe, expect, test } from "bun:test";
import type { Db, EventDb } from "../stores/contract.ts";
import { Lanes } from "./lanes.ts";

const PEER = { sensorId: "0192f3a0-1111-7000-8000-000000000001", tenantId: "t", nodeName: "n", serial: "1" };
const EPOCH = "00000000000000aa";

function setUp(saved = 0) {
  let asked = 0;
  const tx = (): Promise<object[]> => Promise.resolve([{ seq: saved }]);
  const db = { system: (run: (tx: unknown) => unknown) => run(tx) } as unknown as Db;
  const events = { selectSystem: () => (asked++, Promise.resolve([])) } as unknown as EventDb;
  return { lanes: new Lanes({ db, events }), asked: () => asked };
}

describe("a sequence in which no number was given yet", () => {
  test("begins without a question to the event store", async () => {
    const { lanes, asked } = setUp();
    expect(await lanes.cursor(PEER, EPOCH, 1)).toBe(0);
    expect(lanes.find(PEER.sensorId, EPOCH)).toMatchObject({ durableSeq: 0, queuedSeq: 0, present: undefined });
    expect((await lanes.get(PEER, EPOCH)).epoch).toBe(EPOCH);
    expect(asked()).toBe(0);
  });

  test("unless the sensor has given some, does not say, or PostgreSQL knows better", async () => {
    for (const [saved, next] of [
      [0, 2],
      [0, undefined],
      [5, 1],
    ] as const) {
      const { lanes, asked } = setUp(saved);
      expect(await lanes.cursor(PEER, EPOCH, next)).toBe(saved);
      expect(lanes.find(PEER.sensorId, EPOCH)).toBeUndefined();
      expect((await lanes.get(PEER, EPOCH)).durableSeq).toBe(saved);
      expect(asked()).toBeGreaterThan(0);
    }
  });

  test("and whoever comes back is looked up again, whatever it says", async () => {
    const { lanes, asked } = setUp();
    await lanes.cursor(PEER, EPOCH, 1);
    await lanes.cursor(PEER, EPOCH, 1);
    expect(lanes.find(PEER.sensorId, EPOCH)).toBeUndefined();
    await lanes.get(PEER, EPOCH);
    expect(asked()).toBeGreaterThan(0);
  });
});

test("a cursor is saved a while after it first moved, with where it is then; that of a new sequence at once", async () => {
  const { lanes } = setUp();
  const lane = await lanes.get(PEER, EPOCH);
  const other = await lanes.get(PEER, "00000000000000bb");
  const move = (which: typeof lane, seq: number, nowMs: number): void => {
    which.durableSeq = seq;
    lanes.advanced(which, nowMs);
  };
  move(lane, 5, 900);
  move(other, 1, 900);
  expect(lanes.takeDirty(-1).map(({ seq }) => seq)).toEqual([5, 1]);
  move(lane, 10, 1_000);
  move(other, 2, 3_000);
  move(lane, 20, 4_000);
  expect(lanes.takeDirty(999)).toEqual([]);
  const [taken, ...rest] = lanes.takeDirty(1_000);
  expect([taken, rest]).toEqual([expect.objectContaining({ epoch: EPOCH, seq: 20 }), []]);
  // What could not be saved comes with the next ones; what moved meanwhile is not set back.
  move(lane, 30, 4_500);
  lanes.restore([taken!]);
  expect(lanes.takeDirty().map(({ seq }) => seq)).toEqual([2, 30]);
  expect(lanes.takeDirty()).toEqual([]);
});
