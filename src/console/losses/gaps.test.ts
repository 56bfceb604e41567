import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LossStage } from "../../core/event/loss-causes.ts";
import { countOf, gapsOf, toldOf, type Gap } from "./gaps.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const numbersOf = (gaps: readonly Gap[]): number[] => gaps.flatMap((gap) => range(gap.fromSeq, gap.toSeq));
const facts = { cursor: 0, present: undefined, taken: [], rejected: [], missing: [] };

describe("what of a sequence is left out at its beginning", () => {
  test("is skipped from the first number on, from behind what was handed over elsewhere", () => {
    const skipped = { stage: "wire", cause: "skipped", toSeq: 5_000 };
    const late = { ...facts, first: 5_001, last: 5_002, taken: [5_001, 5_002] };
    expect(gapsOf(late)).toEqual([{ ...skipped, fromSeq: 1 }] as Gap[]);
    expect(gapsOf({ ...late, base: 3_000 })).toEqual([{ ...skipped, fromSeq: 3_001 }] as Gap[]);
    expect(gapsOf({ ...late, base: 5_000 })).toEqual([]);
    expect(gapsOf({ ...late, base: 3_000, cursor: 4_000 })).toEqual([{ ...skipped, fromSeq: 4_001 }] as Gap[]);
  });
});

describe("gaps as they are told", () => {
  const refused = (count: number, causeOf: (seq: number) => string) => ({
    ...facts,
    first: 1,
    last: count,
    rejected: range(1, count).map((seq) => ({ seq, cause: causeOf(seq) })),
  });

  test("ten thousand refused events in a row are one, whether they have one cause or many", () => {
    const one = toldOf(gapsOf(refused(10_000, () => "schema")));
    expect(one).toEqual([{ stage: "rejected", cause: "schema", fromSeq: 1, toSeq: 10_000 }]);
    const many = toldOf(gapsOf(refused(10_000, (seq) => (seq % 2 ? "schema" : "too_old"))));
    expect(many).toEqual([{ stage: "rejected", cause: "mixed", fromSeq: 1, toSeq: 10_000 }]);
  });

  test("keep their stage where they are many: what its queue lost was not refused", () => {
    // Runs of ten that take turns: refused for two reasons, lost by the queue for two, and without a word.
    const run = (seq: number): number => Math.floor((seq - 1) / 10) % 3;
    const seqs = range(1, 300);
    const rejected = seqs
      .filter((seq) => run(seq) === 0)
      .map((seq) => ({ seq, cause: seq % 2 ? "schema" : "too_old" }));
    const missing = seqs
      .filter((seq) => run(seq) === 1)
      .map((seq) => ({ from_seq: seq, to_seq: seq, cause: seq % 2 ? "spool_full" : "spool_corrupt" }));
    const gaps = gapsOf({ ...facts, first: 1, last: 300, rejected, missing });
    expect(gaps.length).toBeGreaterThan(200);
    const told = toldOf(gaps);
    expect(told.slice(0, 3)).toEqual([
      { stage: "rejected", cause: "mixed", fromSeq: 1, toSeq: 10 },
      { stage: "spool", cause: "mixed", fromSeq: 11, toSeq: 20 },
      { stage: "wire", cause: "unexplained", fromSeq: 21, toSeq: 30 },
    ]);
    expect(told).toHaveLength(30);
  });

  test("of stages that take turns at each number are one of the wire, which calls none of them refused", () => {
    const seqs = range(1, 300);
    const rejected = seqs.filter((seq) => seq % 2).map((seq) => ({ seq, cause: "schema" }));
    const missing = seqs
      .filter((seq) => seq % 2 === 0)
      .map((seq) => ({ from_seq: seq, to_seq: seq, cause: "spool_full" }));
    const gaps = gapsOf({ ...facts, first: 1, last: 300, rejected, missing });
    expect(toldOf(gaps)).toEqual([{ stage: "wire", cause: "mixed", fromSeq: 1, toSeq: 300 }]);
  });

  test("a sound sensor's keep their causes", () => {
    const gaps = gapsOf(refused(100, (seq) => (seq % 2 ? "schema" : "too_old")));
    expect(toldOf(gaps)).toEqual(gaps);
    expect(gaps).toHaveLength(100);
  });

  test("hold the same numbers, each once and in order, and no more of them than of stretches or so many", () => {
    const pieces = fc.array(
      fc.tuple(
        fc.nat(3),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("a", "b"),
        fc.constantFrom<LossStage>("wire", "spool"),
      ),
      {
        maxLength: 400,
        size: "max",
      },
    );
    fc.assert(
      fc.property(pieces, (list) => {
        let at = 1;
        const gaps = list.map(([apart, length, cause, stage]): Gap => {
          const fromSeq = at + apart;
          at = fromSeq + length;
          return { stage, cause, fromSeq, toSeq: at - 1 };
        });
        const told = toldOf(gaps);
        expect(numbersOf(told)).toEqual(numbersOf(gaps));
        expect(told.reduce((sum, gap) => sum + countOf(gap), 0)).toBe(numbersOf(gaps).length);
        const stretches = gaps.filter((gap, i) => gaps[i - 1]?.toSeq !== gap.fromSeq - 1).length;
        expect(told.length).toBeLessThanOrEqual(Math.max(100, stretches));
      }),
    );
  });
});
