import { describe, expect, test } from "bun:test";
import type { BlindTime, LostRange, Span, StoredIsland } from "./books.ts";
import { excuse, Judge, type JudgeDeps } from "./judge.ts";

const EPOCH = "00000000000000aa";
const NODE = "00000000000000bb";
const MARK = "mark";
/** Asked for at second `n`. */
const AT_MS = (n: number): number => n * 1_000;

interface World {
  /** Numbers that are stored, each time they are. */
  readonly stored?: readonly number[];
  /** The same of the node's. */
  readonly nodeStored?: readonly number[];
  readonly lost?: readonly LostRange[];
  readonly waiting?: number;
  /** How often each execution is stored. */
  readonly execs?: readonly (readonly [number, number])[];
  readonly asked?: number;
  readonly blind?: Partial<BlindTime>;
  readonly node?: { readonly first: number; readonly last: number };
}

const range = (from_seq: number, to_seq: number): LostRange => ({
  epoch: EPOCH,
  stage: "spool",
  cause: "spool_full",
  from_seq,
  to_seq,
  unknown: 0,
});

const sorted = (numbers: readonly number[]): number[] => [...new Set(numbers)].toSorted((a, b) => a - b);

function islandsOf(epoch: string, numbers: readonly number[]): StoredIsland[] {
  const found: { epoch: string; first: number; last: number }[] = [];
  for (const n of sorted(numbers)) {
    const before = found.at(-1);
    if (before?.last === n - 1) before.last = n;
    else found.push({ epoch, first: n, last: n });
  }
  return found;
}

function judge(world: World): Judge {
  const { stored = [], nodeStored = [], lost = [], waiting = 0, execs = [], asked = 0, blind, node } = world;
  const made: Span[] = [{ epoch: EPOCH, from: 0, to: 10 }];
  const sequences = [
    [EPOCH, stored],
    [NODE, nodeStored],
  ] as const;
  const time = { stage: "engine", cause: "disk", count: 1, unknown: 0, from_us: 0, to_us: 0, ...blind };
  const deps: JudgeDeps = {
    books: {
      stored: () =>
        Promise.resolve(sequences.map(([epoch, ns]) => ({ epoch, rows: ns.length, numbers: sorted(ns).length }))),
      islands: () => Promise.resolve(sequences.flatMap(([epoch, ns]) => islandsOf(epoch, ns))),
      lost: () => Promise.resolve([...lost]),
      reaches: () => Promise.resolve(node ? [{ epoch: NODE, ...node }] : []),
      execs: () => Promise.resolve(new Map(execs)),
      blind: () => Promise.resolve(blind ? [time] : []),
    },
    fleet: { made: () => Promise.resolve(made), waiting: () => Promise.resolve(waiting) },
    real: {
      sensorId: "s",
      mark: MARK,
      execs: { count: () => asked, atMs: AT_MS, stop: () => Promise.resolve(asked) },
    },
    say: () => {},
    stuckMs: 1,
  };
  return new Judge(deps);
}

const problemsOf = async (world: World): Promise<string> => (await judge(world).settle()).problems.join("\n");
const to = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const all = to(10);

describe("the judge", () => {
  test("is content when all is stored, or in the ledger", async () => {
    expect(await problemsOf({ stored: all })).toBe("");
    expect(await problemsOf({ stored: to(10, 4), lost: [range(1, 3)] })).toBe("");
  });

  test("shouts about an event that is nowhere, twice in the ledger, in both, or stored twice", async () => {
    const most = all.filter((n) => n !== 3);
    expect(await problemsOf({ stored: most })).toContain("1 are neither stored nor in the ledger: 3");
    expect(await problemsOf({ stored: most, lost: [range(3, 3), range(3, 3)] })).toContain("in the ledger twice: 3");
    expect(await problemsOf({ stored: all, lost: [range(3, 3)] })).toContain("both stored and in the ledger: 3");
    expect(await problemsOf({ stored: [...all, 5] })).toContain("10 are stored as 11 rows");
  });

  test("shouts about one that is nowhere beside one that is in both places, though the sums agree", async () => {
    const problems = await problemsOf({ stored: all.filter((n) => n !== 3), lost: [range(8, 8)] });
    expect(problems).toContain("1 are neither stored nor in the ledger: 3");
    expect(problems).toContain("1 are both stored and in the ledger: 8");
  });

  test("excuses no number with a row that names none", async () => {
    const stored = all.filter((n) => n !== 3);
    expect(await problemsOf({ stored, lost: [{ ...range(3, 3), unknown: 1 }] })).toContain("neither stored");
  });

  test("shouts about what is not acknowledged", async () => {
    expect(await problemsOf({ stored: all, waiting: 4 })).toBe("4 events are not acknowledged");
  });

  test("shouts about a node's sequence with a hole, or that does not begin with 1", async () => {
    const node = { first: 5, last: 20 };
    expect(await problemsOf({ stored: all, node, nodeStored: to(20, 5) })).toContain(`${NODE} 1–20: 4 are neither`);
  });

  test("shouts about an execution that is nowhere, or twice", async () => {
    expect(await problemsOf({ stored: all, asked: 2, execs: [[1, 1]] })).toContain("neither found");
    expect(await problemsOf({ stored: all, asked: 1, execs: [[1, 2]] })).toContain("found twice: 1");
    const elsewhere = { from_us: 60e6, to_us: 70e6 };
    expect(await problemsOf({ stored: all, asked: 2, execs: [[1, 1]], blind: elsewhere })).toContain("neither found");
  });

  test("shouts about more executions in a blind time than the ledger says were lost in it", async () => {
    const blind = { from_us: 1e6, to_us: 9e6, count: 2 };
    const world = { stored: all, asked: 3, execs: [] };
    expect(await problemsOf({ ...world, blind })).toContain("nor in a blind time: 3 (");
  });
});

describe("what the ledger excuses", () => {
  const row = (from_us: number, to_us: number, count: number, unknown = 0): BlindTime => ({
    stage: "kernel",
    cause: "ring_full",
    count,
    unknown,
    from_us,
    to_us,
  });
  const at = (n: number): number => n * 10e6;
  const unseen = (missing: number[], ...rows: BlindTime[]) => excuse(missing, at, rows).unseen;

  test("is as many as were lost, of those in its time", () => {
    expect(unseen([1, 2, 3], row(at(1), at(3), 3))).toEqual([]);
    expect(unseen([1, 2, 3], row(at(1), at(3), 2))).toEqual([3]);
    expect(unseen([1, 2, 3], row(at(2), at(2), 9))).toEqual([1, 3]);
    expect(unseen([1, 2, 3], row(at(1), at(3), 0, 1))).toEqual([]);
  });

  test("is the most there can be: a narrow row is used up before a wide one", () => {
    expect(unseen([1, 2], row(at(1), at(9), 1), row(at(1), at(1), 1))).toEqual([]);
    expect(unseen([1, 2], row(at(1), at(1), 1), row(at(1), at(9), 1))).toEqual([]);
  });
});
