import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Unpackr } from "msgpackr";
import { compile } from "../../core/check.ts";
import { RuntimeEvent } from "../../core/event/event.ts";
import { PROFILES } from "../options.ts";
import { EventSource } from "./source.ts";

const event = compile(RuntimeEvent);
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const out = Buffer.alloc(64 * 1024);

function read(source: EventSource, seq: number, observedUs = 1_795_000_000_000_000 + seq): RuntimeEvent {
  const end = source.write(out, 0, seq, observedUs);
  expect(end).toBe(source.sizeOf(seq));
  return event.parse(unpackr.unpack(out.subarray(0, end)));
}

describe("simulated events", () => {
  test("fit the schema, carry their number and time, and are the same again", () => {
    const lanes = fc.constantFrom("bulk" as const, "alert" as const);
    fc.assert(
      fc.property(
        fc.constantFrom(...PROFILES),
        lanes,
        fc.nat(1000),
        fc.nat(20_000),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (profile, lane, seed, index, seq) => {
          const first = read(new EventSource(profile, lane, seed, index, 7), seq);
          expect(first.seq).toBe(seq);
          expect(new EventSource(profile, lane, seed, index, 9).message(seq)).toBe(first.message);
          expect(first.observed_at_us).toBe(1_795_000_000_000_000 + seq);
          expect(first.message).toContain(
            `(${index.toString(16).padStart(8, "0")}-${seq.toString(16).padStart(8, "0")})`,
          );
          expect(read(new EventSource(profile, lane, seed, index, 7), seq)).toEqual(first);
        },
      ),
    );
  });

  test("join into process trees: each parent of a program started is of the same telling", () => {
    const source = new EventSource("web", "bulk", 1, 5, 1);
    for (let seq = 1; seq <= 120; seq++) {
      const { process } = read(source, seq);
      for (const ancestor of process!.ancestors)
        expect(ancestor.exec_id.slice(0, -2)).toBe(process!.exec_id.slice(0, -2));
      if (process!.parent_exec_id !== undefined) expect(process!.ancestors[0]!.exec_id).toBe(process!.parent_exec_id);
    }
  });

  test("are of the size real ones have", () => {
    const sizes = PROFILES.flatMap((profile) =>
      Array.from({ length: 600 }, (_, i) => {
        const value = read(new EventSource(profile, "bulk", 1, 1, 1), i + 1);
        return JSON.stringify(value).length;
      }),
    );
    const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length;
    expect(mean).toBeGreaterThan(450);
    expect(mean).toBeLessThan(900);
  });
});
