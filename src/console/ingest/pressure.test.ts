import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LaneName } from "../../core/wire/common.ts";
import type { AppError } from "../../core/error.ts";
import { Pressure } from "./pressure.ts";

const MB = 1024 * 1024;
const LIMITS = { maxPendingRows: 160_000, maxPendingBytes: 384 * MB };
const setUp = (): Pressure => new Pressure(LIMITS, () => 0);

/** Takes batches of one weight until they are refused; returns how many, and the code of the refusal. */
function fill(pressure: Pressure, sensorId: string, lane: LaneName, rows: number, bytes: number) {
  for (let taken = 0; taken < 100_000; taken++)
    try {
      pressure.admit(sensorId, lane, { rows, bytes });
      pressure.add(sensorId, { rows, bytes });
    } catch (error) {
      return { taken, code: (error as AppError).code };
    }
  throw new Error("nothing was ever refused");
}

describe("one sensor's share", () => {
  test.each<[string, number, number]>([
    ["many small events", 100, 100 * 500],
    ["few large ones", 100, 100 * 32 * 1024],
  ])("of the memory leaves room for the others: %s", (_, rows, bytes) => {
    for (const lane of ["alert", "bulk", "backlog"] as const) {
      const pressure = setUp();
      const { taken, code } = fill(pressure, "rogue", lane, rows, bytes);
      expect(code).toBe("rate_limited");
      const part = { alert: 1, bulk: 0.9, backlog: 0.5 }[lane] / 2;
      expect(taken * rows).toBeLessThanOrEqual(LIMITS.maxPendingRows * part);
      expect(taken * bytes).toBeLessThanOrEqual(LIMITS.maxPendingBytes * part);
      expect(pressure.room(lane)).toBeGreaterThan(10_000);
      expect(pressure.creditFor("other", lane)).toBe(1_000);
      expect(() => pressure.admit("other", lane, { rows, bytes })).not.toThrow();
    }
  });

  test.each([
    ["bytes", { rows: 10, bytes: LIMITS.maxPendingBytes * 0.9 * 0.01 }],
    ["rows", { rows: LIMITS.maxPendingRows * 0.9 * 0.01, bytes: 10 }],
  ])("is an even one once all together hold much: %s", (_, hundredth) => {
    const pressure = setUp();
    const takes = (sensorId: string) => expect(() => pressure.admit(sensorId, "bulk", hundredth));
    const add = (sensorId: string, hundredths: number): void => {
      for (let i = 0; i < hundredths; i++) pressure.add(sensorId, hundredth);
    };
    add("large", 40);
    add("small", 20);
    takes("large").not.toThrow();
    add("other", 20);
    // Of three a third.
    takes("large").toThrow("more events under way than its share");
    takes("small").not.toThrow();
    takes("new").not.toThrow();
  });

  test("is granted as so many events as fit into it, going by the last ones", () => {
    const pressure = setUp();
    const weight = { rows: 100, bytes: 100 * 64 * 1024 };
    for (let i = 0; i < 10; i++) {
      pressure.add("s", weight);
      pressure.remove("s", weight, true);
    }
    const credit = pressure.creditFor("s", "bulk");
    expect(credit).toBe(Math.floor((384 * MB * 0.9 * 0.6) / (64 * 1024)));
    const small = { rows: 100, bytes: 100 * 500 };
    pressure.add("s", small);
    expect(pressure.creditFor("s", "bulk")).toBe(10_000);
  });

  test("takes a first batch whatever its size", () => {
    const pressure = setUp();
    expect(() => pressure.admit("s", "bulk", { rows: 100_000, bytes: 380 * MB })).not.toThrow();
  });
});

test("what was taken is given back to nothing, whatever came", () => {
  const batch = fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(20_000), fc.nat(40 * MB), fc.boolean());
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 50 }), (batches) => {
      const pressure = setUp();
      const taken: typeof batches = [];
      for (const each of batches) {
        const [sensorId, rows, bytes] = each;
        try {
          pressure.admit(sensorId, "bulk", { rows, bytes });
        } catch {
          continue;
        }
        pressure.add(sensorId, { rows, bytes });
        taken.push(each);
      }
      expect(pressure.rows).toBe(taken.reduce((sum, [, rows]) => sum + rows, 0));
      for (const [sensorId, rows, bytes, stored] of taken) pressure.remove(sensorId, { rows, bytes }, stored);
      expect([pressure.rows, pressure.bytes]).toEqual([0, 0]);
      // Nobody's share is held by what is gone.
      for (const sensorId of ["a", "b", "c"]) {
        pressure.add(sensorId, { rows: 1, bytes: 1 });
        expect(() => pressure.admit(sensorId, "bulk", { rows: 71_999, bytes: 172 * MB })).not.toThrow();
        pressure.remove(sensorId, { rows: 1, bytes: 1 }, true);
      }
    }),
  );
});
