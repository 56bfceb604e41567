import { expect, test } from "bun:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { compile } from "../../core/check.ts";
import { StreamEvents } from "../../core/wire/stream.ts";
import { unpackMsgpack } from "../http/msgpack.ts";
import { splitBatch } from "./split-batch.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const checker = compile(StreamEvents);

const seq = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(-1, 0.5, 2 ** 53, 2 ** 32, "7", Number.NaN));
const epoch = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{16}$/),
  fc.constantFrom("5F0C2D9A11BE7740", "5f0c2d9a11be774", "5f0c2d9a11be7740 ", "ÿf0c2d9a11be7740", 5),
);
const lane = fc.constantFrom("alert", "bulk", "backlog", "Bulk", "constructor", "__proto__", 1, null);
const missing = fc.constantFrom([], [{ from_seq: 1, to_seq: 2, cause: "spool_full" }], "none");
const fields = fc.tuple(
  fc.record({ epoch, lane, first_seq: seq, last_seq: seq, missing, odd: seq }, { requiredKeys: [] }),
  fc.array(fc.anything({ maxDepth: 1 }), { maxLength: 3 }),
);

/** The entries of an object in any order, its events last. */
const batches = fields.chain(([head, events]) =>
  fc.shuffledSubarray(Object.entries(head), { minLength: Object.keys(head).length }).map((entries) => ({
    type: "events",
    batch: { ...Object.fromEntries(entries), events },
  })),
);
const sound = fc
  .record({
    epoch: fc.stringMatching(/^[0-9a-f]{16}$/),
    lane: fc.constantFrom("alert", "bulk"),
    first_seq: fc.maxSafeNat(),
    last_seq: fc.maxSafeNat(),
  })
  .map((head) => ({ type: "events", batch: { ...head, events: [] } }));

test("what stands before the events is read as the schema reads it, or left to it", () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.oneof(batches, sound), (frame) => {
      const split = splitBatch(packr.pack(frame));
      if (!split) return;
      const whole = unpackMsgpack(split.envelope());
      if (split.head) {
        plain++;
        expect(checker.is(whole)).toBe(true);
        expect({ type: "events", batch: { ...split.head, events: [] } }).toEqual(whole as never);
      } else if (checker.is(whole)) expect(whole.batch.missing).toBeDefined();
      expect(split.events.length).toBe(frame.batch.events.length);
    }),
    { numRuns: 3_000 },
  );
  expect(plain).toBeGreaterThan(300);
});

test("a field that is said twice is left to the schema", () => {
  const pack = (value: unknown): Buffer => Buffer.from(packr.pack(value));
  const pairs = [
    ["epoch", "5f0c2d9a11be7740"],
    ["first_seq", 1],
    ["first_seq", 2],
    ["last_seq", 3],
    ["events", []],
  ];
  const batch = Buffer.concat([Buffer.of(0x85), ...pairs.flat().map(pack)]);
  const frame = Buffer.concat([Buffer.of(0x82), ...["type", "events", "batch"].map(pack), batch]);
  expect(splitBatch(frame)?.head).toBeUndefined();
  expect(splitBatch(frame)?.events.length).toBe(0);
});

test("bytes of any kind, or cut off anywhere, do no harm", () => {
  const frame = packr.pack({
    type: "events",
    batch: { epoch: "5f0c2d9a11be7740", lane: "bulk", first_seq: 1, last_seq: 1, events: [{ seq: 1 }] },
  });
  expect(splitBatch(frame)?.head).toEqual({ epoch: "5f0c2d9a11be7740", lane: "bulk", first_seq: 1, last_seq: 1 });
  for (let end = 0; end < frame.length - 7; end++) expect(splitBatch(frame.subarray(0, end))).toBeUndefined();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      (noise) => void splitBatch(Buffer.concat([frame.subarray(0, 20), noise])),
    ),
  );
});
