import { describe, expect, test } from "bun:test";
import type { LostRange, Span, StoredSpan } from "./books.ts";
import { Judge, lostIn, type JudgeDeps } from "./judge.ts";

const EPOCH = "00000000000000aa";
const NODE = "00000000000000bb";
const MARK = "mark";
/** Asked for at second `n`. */
const AT_MS = (n: number): number => n * 1_000;

interface World {
  readonly stored?: readonly StoredSpan[];
  readonly lost?: readonly LostRange[];
  readonly waiting?: number;
  /** How often each execution is stored. */
  readonly execs?: readonly (readonly [number, number])[];
  readonly asked?: number;
  readonly blind?: { readonly from_us: number; readonly to_us: number };
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

function judge(world: World): Judge {
  const { stored = [], lost = [], waiting = 0, execs = [], asked = 0, blind, node } = world;
  const made: Span[] = [{ epoch: EPOCH, from: 0, to: 10 }];
  const deps: JudgeDeps = {
    books: {
      stored: () => Promise.resolve([...stored]),
      lost: () => Promise.resolve([...lost]),
      reaches: () => Promise.resolve(node ? [{ epoch: NODE, ...node }] : []),
      execs: () => Promise.resolve(new Map(execs)),
      blind: () => Promise.resolve(blind ? [{ stage: "engine", cause: "disk", count: 1, ...blind }] : []),
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
const all = { epoch: EPOCH, rows: 10, numbers: 10 };

describe("the judge", () => {
  test("is content when all is stored, or in the ledger", async () => {
    expect(await problemsOf({ stored: [all] })).toBe("");
    expect(await problemsOf({ stored: [{ epoch: EPOCH, rows: 7, numbers: 7 }], lost: [range(1, 3)] })).toBe("");
  });

  test("shouts about an event that is nowhere, twice in the ledger, in both, or stored twice", async () => {
    expect(await problemsOf({ stored: [{ epoch: EPOCH, rows: 9, numbers: 9 }] })).toContain("9 stored");
    const most = { epoch: EPOCH, rows: 9, numbers: 9 };
    expect(await problemsOf({ stored: [most], lost: [range(3, 3), range(3, 3)] })).toContain("2 lost");
    expect(await problemsOf({ stored: [all], lost: [range(3, 3)] })).toContain("1 lost");
    expect(await problemsOf({ stored: [{ epoch: EPOCH, rows: 11, numbers: 10 }] })).toContain("as 11 rows");
  });

  test("shouts about what is not acknowledged", async () => {
    expect(await problemsOf({ stored: [all], waiting: 4 })).toBe("4 events are not acknowledged");
  });

  test("shouts about a node's sequence with a hole, or that does not begin with 1", async () => {
    const node = { first: 5, last: 20 };
    const stored = [all, { epoch: NODE, rows: 16, numbers: 16 }];
    expect(await problemsOf({ stored, node })).toContain(`${NODE} 1–20: 16 stored`);
  });

  test("shouts about an execution that is nowhere, or twice", async () => {
    expect(await problemsOf({ stored: [all], asked: 2, execs: [[1, 1]] })).toContain("neither found");
    expect(await problemsOf({ stored: [all], asked: 1, execs: [[1, 2]] })).toContain("found twice: 1");
    const elsewhere = { from_us: 60e6, to_us: 70e6 };
    expect(await problemsOf({ stored: [all], asked: 2, execs: [[1, 1]], blind: elsewhere })).toContain("neither found");
  });

  test("counts of a range only what lies in the span", () => {
    const span = { epoch: EPOCH, from: 10, to: 20 };
    expect([range(1, 10), range(5, 11), range(20, 30), range(21, 22)].map((r) => lostIn(span, [r]))).toEqual([
      0, 1, 1, 0,
    ]);
  });
});
