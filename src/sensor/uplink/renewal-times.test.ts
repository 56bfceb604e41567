import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DUE_MS, firstTry, nextTry, RECOMMENDED_MS } from "./renewal-times.ts";

const HOUR = 3_600_000;
const END = Date.UTC(2026, 10, 25);
const dice = fc.double({ min: 0, max: 1, noNaN: true });

describe("when a certificate is renewed", () => {
  test("first within twelve hours after the mark of 72", () => {
    fc.assert(
      fc.property(dice, (throwOf) => {
        const at = firstTry(END, throwOf);
        expect(at).toBeGreaterThanOrEqual(END - RECOMMENDED_MS);
        expect(at).toBeLessThanOrEqual(END - RECOMMENDED_MS + 12 * HOUR);
      }),
    );
  });

  test("again after some hours, and at the latest at the mark of 24", () => {
    fc.assert(
      fc.property(dice, fc.integer({ min: 0, max: RECOMMENDED_MS - DUE_MS - 1 }), (throwOf, sinceMs) => {
        const nowMs = END - RECOMMENDED_MS + sinceMs;
        const at = nextTry(END, nowMs, throwOf);
        expect(at).toBeGreaterThan(nowMs);
        expect(at).toBeLessThanOrEqual(Math.max(nowMs + 7.5 * HOUR, END - DUE_MS + HOUR / 4));
        expect(at).toBeLessThanOrEqual(END - DUE_MS + HOUR / 4);
      }),
    );
  });

  test("from then on every quarter of an hour or so", () => {
    fc.assert(
      fc.property(dice, fc.integer({ min: 0, max: 3 * DUE_MS }), (throwOf, sinceMs) => {
        const nowMs = END - DUE_MS + sinceMs;
        const waitMs = nextTry(END, nowMs, throwOf) - nowMs;
        expect(waitMs).toBeGreaterThanOrEqual(11 * 60_000);
        expect(waitMs).toBeLessThanOrEqual(19 * 60_000);
      }),
    );
  });

  test("a sensor that can never renew tries a bounded number of times", () => {
    fc.assert(
      fc.property(fc.array(dice, { minLength: 1, maxLength: 20 }), (throws) => {
        let at = firstTry(END, throws[0]!);
        let tries = 0;
        for (; at < END; tries++) at = nextTry(END, at, throws[tries % throws.length]!);
        expect(tries).toBeGreaterThan(60);
        expect(tries).toBeLessThan(160);
      }),
    );
  });
});
