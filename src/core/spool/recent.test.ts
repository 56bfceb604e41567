import { expect, test } from "bun:test";
import fc from "fast-check";
import { RecentRecords } from "./recent.ts";

test("gives what was added last, in the limits, and nothing that was let go", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.nat(40), bytes: fc.integer({ min: 1, max: 60_000 }), forget: fc.nat(30) })),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 200_000 }),
      (steps, maxEvents, maxBytes) => {
        const recent = new RecentRecords();
        let next = 1;
        let gone = 0;
        for (const { count, bytes, forget } of steps) {
          recent.add(
            next,
            Array.from({ length: count }, (_, i) => new Uint8Array(bytes).fill((next + i) % 251)),
          );
          next += count;
          gone = Math.min(next - 1, gone + forget);
          recent.forget(gone);
          expect(recent.read(gone, maxEvents, maxBytes)).toBeUndefined();
          const got = recent.read(next - Math.min(next - gone - 1, 5), maxEvents, maxBytes);
          if (!got) continue;
          for (const [i, { seq, payload }] of got.records.entries()) {
            expect(seq).toBe(got.records[0]!.seq + i);
            expect(payload[0]).toBe(seq % 251);
          }
          const size = got.records.reduce((sum, record) => sum + record.payload.length, 0);
          expect(got.records.length <= maxEvents && (size <= maxBytes || got.records.length === 1)).toBe(true);
          if (!got.full) expect(got.records.at(-1)?.seq ?? next - 1).toBe(next - 1);
        }
      },
    ),
  );
});

test("holds two megabytes at most: an older event is read from the disk", () => {
  const recent = new RecentRecords();
  for (let seq = 1; seq <= 200; seq++) recent.add(seq, [new Uint8Array(20_000)]);
  expect(recent.read(90, 100, 1e9)).toBeUndefined();
  expect(recent.read(110, 1, 1e9)?.records[0]?.seq).toBe(110);
});
