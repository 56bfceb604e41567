import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

interface Loop {
  readonly turns: Turns;
  readonly done: number[];
  /** Adds work that takes so many milliseconds. */
  readonly add: (id: number, ms?: number, bytes?: number) => void;
  readonly turn: () => void;
}

function loop(maxWaitingBytes?: number, isHeld: () => boolean = () => false): Loop {
  let nowMs = 0;
  let planned: (() => void)[] = [];
  let held: (() => void)[] = [];
  const done: number[] = [];
  const turns = new Turns({
    nowMs: () => nowMs,
    nextTurn: (run, afterMs) => void (afterMs === undefined ? planned : held).push(run),
    isHeld,
    ...(maxWaitingBytes === undefined ? {} : { maxWaitingBytes }),
  });
  return {
    turns,
    done,
    add: (id, ms = 0, bytes = 1) =>
      turns.add(() => {
        nowMs += ms;
        done.push(id);
      }, bytes),
    turn() {
      const now = [...planned, ...held];
      planned = [];
      held = [];
      expect(now.length).toBeLessThanOrEqual(1);
      for (const run of now) run();
    },
  };
}

test("nothing is done at once, and a turn has an end", () => {
  const { add, turn, done, turns } = loop();
  for (let i = 0; i < 10; i++) add(i, 3);
  expect(done).toEqual([]);
  turn();
  expect(done).toEqual([0, 1, 2]);
  add(10, 3);
  turn();
  expect(done).toEqual([0, 1, 2, 3, 4, 5]);
  turn();
  turn();
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  turn();
  expect(turns.size).toBe(0);
});

test("the order is kept over thousands, whatever is added meanwhile", () => {
  const { add, turn, done } = loop();
  for (let i = 0; i < 3_000; i++) add(i, i % 10 === 0 ? 1 : 0);
  for (let turned = 0; done.length < 4_000; turned++) {
    if (turned < 10) for (let i = 0; i < 100; i++) add(3_000 + turned * 100 + i);
    turn();
  }
  expect(done).toEqual(Array.from({ length: 4_000 }, (_, i) => i));
});

test("beyond what may wait the oldest is done first, by who brings more", () => {
  const { add, turn, done } = loop(100);
  for (let i = 0; i < 3; i++) add(i, 0, 40);
  expect(done).toEqual([0]);
  add(3, 0, 500);
  expect(done).toEqual([0, 1, 2, 3]);
  turn();
  add(4, 0, 40);
  turn();
  expect(done).toEqual([0, 1, 2, 3, 4]);
});

test("nothing is begun while it is held, but what is too much; then it goes on in order", () => {
  let isHeld = true;
  const { add, turn, done } = loop(100, () => isHeld);
  for (let i = 0; i < 3; i++) add(i, 0, 30);
  turn();
  turn();
  expect(done).toEqual([]);
  add(3, 0, 30);
  expect(done).toEqual([0]);
  isHeld = false;
  turn();
  expect(done).toEqual([0, 1, 2, 3]);
  // In the midst of a turn, too.
  for (let i = 4; i < 8; i++) add(i, 0, i === 5 ? 1 : 2);
  isHeld = true;
  turn();
  expect(done).toHaveLength(4);
});

test("work may bring more of itself", () => {
  const { turns, turn, done } = loop();
  turns.add(() => {
    done.push(1);
    turns.add(() => void done.push(2), 1);
  }, 1);
  turn();
  turn();
  expect(done).toEqual([1, 2]);
});

test("the more waits, the less is granted, and nothing before the bound is met", () => {
  const { add, turns } = loop(1_000, () => true);
  const eases: number[] = [];
  for (const bytes of [0, 250, 250, 125, 125, 200]) {
    if (bytes > 0) add(bytes, 0, bytes);
    eases.push(turns.ease);
  }
  expect(eases).toEqual([1, 1, 0.5, 0.25, 0, 0]);
  expect(turns.roomBytes).toBe(0);
  expect(loop(1_000).turns.roomBytes).toBe(750);
});
