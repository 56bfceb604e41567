import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../core/error.ts";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import type { EventDb } from "../stores/contract.ts";
import { InsertGuard } from "./guard.ts";
import { DISK_LIMITS, isNoSpace, levelOf } from "./watch.ts";

const GB = 1e9;

describe("the level of a disk", () => {
  const level = (freeGb: number, totalGb: number): string => levelOf(freeGb * GB, totalGb * GB, DISK_LIMITS, "well");

  test("goes by part and by size", () => {
    expect(level(11, 100)).toBe("well");
    expect(level(9, 100)).toBe("nearly_full");
    expect(level(1.9, 100)).toBe("full");
    // 10 % of it is less than 5 GB.
    expect(level(4.9, 20)).toBe("nearly_full");
    expect(level(5.1, 20)).toBe("well");
    // A disk so small that 5 GB are half of it is not always nearly full.
    expect(level(4, 10)).toBe("well");
    expect(level(0.19, 10)).toBe("full");
  });

  test("does not flutter: what was full needs half as much again", () => {
    expect(levelOf(2.5 * GB, 100 * GB, DISK_LIMITS, "full")).toBe("full");
    expect(levelOf(3.1 * GB, 100 * GB, DISK_LIMITS, "full")).toBe("nearly_full");
  });

  test("never gets better with less space", () => {
    const rank = { well: 0, nearly_full: 1, full: 2 };
    const total = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(
        total,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (gb, a, b) => {
          const at = (part: number): number => rank[levelOf(part * gb * GB, gb * GB, DISK_LIMITS, "well")];
          expect(at(Math.min(a, b))).toBeGreaterThanOrEqual(at(Math.max(a, b)));
        },
      ),
    );
  });
});

test("no space is known by its many names, also below other errors", () => {
  const wrapped = new AppError("unavailable", "the event database does not answer", {
    cause: Object.assign(new Error("Code: 243. DB::Exception: Cannot reserve 1.00 MiB"), { code: "243" }),
  });
  expect(isNoSpace(wrapped)).toBe(true);
  expect(isNoSpace(Object.assign(new Error("x"), { code: "ENOSPC" }))).toBe(true);
  expect(isNoSpace(new Error("Cannot write to file: , errno: 28, strerror: No space left on device"))).toBe(true);
  expect(isNoSpace(Object.assign(new Error("x"), { code: "EDQUOT" }))).toBe(true);
  expect(isNoSpace(new Error("Cannot write to file: , errno: 122, strerror: Disk quota exceeded"))).toBe(true);
  expect(isNoSpace(new Error("Code: 75. DB::ErrnoException: errno: 122"))).toBe(true);
  expect(isNoSpace(Object.assign(new Error("could not extend file"), { code: "53100" }))).toBe(true);
  expect(isNoSpace(new Error("errno: 280"))).toBe(false);
  expect(isNoSpace(undefined)).toBe(false);
});

test("a closed guard lets nothing in and says why; reading goes on", async () => {
  let [inserted, noSpace] = [0, 0];
  let fault: Error | undefined;
  const guard = new InsertGuard(() => noSpace++);
  const guarded = guard.wrap({
    select: () => Promise.resolve([]),
    selectSystem: () => Promise.resolve([]),
    insert: () => (fault ? Promise.reject(fault) : (inserted++, Promise.resolve())),
    insertEvents: () => (fault ? Promise.reject(fault) : (inserted++, Promise.resolve())),
    ping: () => Promise.resolve(),
  } satisfies EventDb);
  await guarded.insert("runtime_events", [{}]);
  guard.set(new AppError("unavailable", "the disk is full"));
  expect(await rejectionOf(guarded.insert("runtime_events", [{}]))).toMatchObject({ message: "the disk is full" });
  expect(await rejectionOf(guarded.insertEvents([]))).toMatchObject({ message: "the disk is full" });
  expect(await rejectionOf(guarded.ping())).toMatchObject({ message: "the disk is full" });
  expect(await guarded.selectSystem("x")).toEqual([]);
  guard.set(undefined);
  fault = Object.assign(new Error("no"), { code: "243" });
  expect(await rejectionOf(guarded.insert("runtime_events", [{}]))).toBe(fault);
  expect(await rejectionOf(guarded.insertEvents([]))).toBe(fault);
  expect([inserted, noSpace]).toEqual([1, 2]);
});
