import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkBatch, MAX_AGE_US, MAX_AHEAD_US, readEnvelope } from "./check-batch.ts";
import { SeqRanges } from "./seq-ranges.ts";
import { UNSET_BEFORE_US } from "./unset-clock.ts";

const NOW = Date.UTC(2026, 10, 21);
const EPOCH = "00000000000000aa";
const event = (seq: number): object => ({
  seq,
  kind: "process_exec",
  severity: "info",
  observed_at_us: NOW * 1000,
  message: "x",
});
const batch = (
  first: number,
  last: number,
  events: unknown[],
  missing?: { from_seq: number; to_seq: number; cause: string }[],
) => readEnvelope({ epoch: EPOCH, first_seq: first, last_seq: last, events, ...(missing ? { missing } : {}) });

describe("a batch", () => {
  test("accounts for every number above the cursor exactly once: taken, had, rejected or missing", () => {
    const fate = fc.constantFrom("good", "bad", "declared", "silent");
    fc.assert(
      fc.property(fc.nat(50), fc.array(fate, { minLength: 1, maxLength: 60 }), fc.nat(120), (start, fates, cursor) => {
        const first = start + 1;
        const last = start + fates.length;
        const of = (wanted: string): number[] => fates.flatMap((f, i) => (f === wanted ? [first + i] : []));
        const events = fates.flatMap((f, i) =>
          f === "good" ? [event(first + i)] : f === "bad" ? [{ ...event(first + i), severity: "?" }] : [],
        );
        const missing = of("declared").map((seq) => ({ from_seq: seq, to_seq: seq, cause: "full" }));
        const checked = checkBatch(batch(first, last, events, missing), cursor, undefined, NOW);
        expect(checked.events.map((e) => e.seq)).toEqual(of("good").filter((seq) => seq > cursor));
        expect(checked.duplicates).toBe(of("good").filter((seq) => seq <= cursor).length);
        expect(checked.rejected.map((r) => r.seq)).toEqual(of("bad"));
        const sum = (stage: string, cause?: string): number =>
          checked.gaps
            .filter((g) => g.stage === stage && (cause === undefined || g.cause === cause))
            .reduce((n, g) => n + g.toSeq - g.fromSeq + 1, 0);
        expect(sum("rejected")).toBe(of("bad").filter((seq) => seq > cursor).length);
        expect(sum("spool")).toBe(of("declared").filter((seq) => seq > cursor).length);
        expect(sum("wire", "unexplained")).toBe(of("silent").filter((seq) => seq > cursor).length);
        expect(sum("wire", "skipped")).toBe(Math.max(0, first - cursor - 1));
        const seqs = checked.gaps.flatMap((g) =>
          Array.from({ length: g.toSeq - g.fromSeq + 1 }, (_, i) => g.fromSeq + i),
        );
        expect(new Set(seqs).size).toBe(seqs.length);
      }),
    );
  });

  test("drops what the store has above the cursor", () => {
    const checked = checkBatch(batch(1, 5, [1, 2, 3, 4, 5].map(event)), 1, new SeqRanges([[3, 4]]), NOW);
    expect(checked.events.map((e) => e.seq)).toEqual([2, 5]);
    expect(checked.duplicates).toBe(3);
    expect(checked.gaps).toEqual([]);
  });

  test("whose lost ranges overlap each other, its events and what is known already counts each number once", () => {
    const range = fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(20))
      .map(([from, more]) => ({ from_seq: from, to_seq: Math.min(40, from + more), cause: "spool_full" }));
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 40 })).map((all) => all.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(
        fc.array(range),
        seqs,
        fc.uniqueArray(fc.integer({ min: 1, max: 40 })),
        fc.nat(39),
        (missing, got, had, cursor) => {
          const { gaps } = checkBatch(
            batch(1, 40, got.map(event), missing),
            cursor,
            new SeqRanges(had.map((seq) => [seq, seq])),
            NOW,
          );
          const counted = gaps.flatMap((g) => Array.from({ length: g.toSeq - g.fromSeq + 1 }, (_, i) => g.fromSeq + i));
          const all = Array.from({ length: 40 }, (_, i) => i + 1);
          expect(counted).toEqual(all.filter((seq) => seq > cursor && !got.includes(seq) && !had.includes(seq)));
          for (const g of gaps)
            for (let seq = g.fromSeq; seq <= g.toSeq; seq++)
              expect(g.stage === "spool").toBe(missing.some((m) => seq >= m.from_seq && seq <= m.to_seq));
        },
      ),
    );
  });

  test("refuses events outside its range, out of order, twice, or that are no events", () => {
    const odd = [event(9), event(2), event(2), event(1), null, "x", { seq: "2" }];
    const { events, rejected } = checkBatch(batch(1, 8, odd), 0, undefined, NOW);
    expect(events.map((e) => e.seq)).toEqual([2]);
    expect(rejected.map((r) => r.seq)).toEqual([9, 2, 1, 5, 6, 7]);
    expect(rejected[0]).toEqual({ seq: 9, pointer: "/seq", reason: "is outside the batch's first_seq and last_seq" });
  });

  test("whose envelope lies is refused with a pointer", () => {
    const good = { epoch: EPOCH, first_seq: 5, last_seq: 9, events: [] };
    const pointer = (body: unknown): unknown => {
      try {
        readEnvelope(body, "/batch");
        return "taken";
      } catch (error) {
        return (error as { pointer?: string }).pointer;
      }
    };
    expect(pointer(good)).toBe("taken");
    expect(pointer({ ...good, last_seq: 4 })).toBe("/batch/last_seq");
    expect(pointer({ ...good, last_seq: Number.MAX_SAFE_INTEGER })).toBe("/batch/last_seq");
    expect(pointer({ ...good, epoch: "../../etc" })).toBe("/batch/epoch");
    expect(pointer({ ...good, missing: [{ from_seq: 1, to_seq: 9, cause: "x" }] })).toBe("/batch/missing/0");
    expect(pointer({ ...good, events: Array(10_001).fill(null) })).toBe("/batch/events");
    expect(pointer({ ...good, tenant_id: "x" })).toBe("/batch/tenant_id");
  });
});

describe("the time of an event", () => {
  const NOW_US = NOW * 1000;
  const one = (us: number, more: object = {}) =>
    checkBatch(batch(1, 1, [{ ...event(1), observed_at_us: us, ...more }]), 0, undefined, NOW);

  test("is its own, or that of receipt when nobody had set its clock; too old and too far ahead are refused", () => {
    const edges = [0, 1, UNSET_BEFORE_US - 1, UNSET_BEFORE_US, NOW_US - MAX_AGE_US, NOW_US, NOW_US + MAX_AHEAD_US];
    const near = fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 })).map(([us, off]) => us + off);
    const anywhere = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.oneof(near, anywhere), (us) => {
        fc.pre(us >= 0);
        const { events, gaps } = one(us);
        if (us < UNSET_BEFORE_US)
          expect(events).toMatchObject([
            {
              observed_at_us: NOW_US,
              tags: ["clock-unset"],
              detail: { node_clock: new Date(us / 1000).toISOString() },
            },
          ]);
        else if (us < NOW_US - MAX_AGE_US) expect(gaps).toMatchObject([{ stage: "rejected", cause: "too_old" }]);
        else if (us > NOW_US + MAX_AHEAD_US)
          expect(gaps).toMatchObject([{ stage: "rejected", cause: "too_far_ahead" }]);
        else expect(events).toEqual([{ ...event(1), observed_at_us: us } as never]);
        expect(events.length + gaps.length).toBe(1);
      }),
    );
  });

  test("of a queue that waited for longer than events are kept is its own: they are refused as before", () => {
    const offline = NOW_US - 2 * MAX_AGE_US;
    expect(offline).toBeGreaterThan(UNSET_BEFORE_US);
    expect(one(offline).rejected).toMatchObject([{ seq: 1, reason: "is more than 90 days ago" }]);
  });

  test("that nobody had set leaves the event within its schema, and what does not fit refused", () => {
    const tags = Array.from({ length: 16 }, (_, i) => `t${i}`);
    const detail = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, "v"]));
    const { events } = one(5, { tags, detail });
    expect(events[0]!.tags).toEqual([...tags.slice(0, 15), "clock-unset"]);
    expect(events[0]!.detail).toEqual(detail);
    expect(one(5, { severity: "?" }).gaps).toMatchObject([{ cause: "schema" }]);
    expect(one(-1).gaps).toMatchObject([{ cause: "schema" }]);
    const packedNet = { process: { exec_id: "a", pid: 1, binary: "/b", argv: [], ancestors: [], ns: { net: 1e300 } } };
    expect(one(5, packedNet).gaps).toMatchObject([{ cause: "schema" }]);
  });
});
