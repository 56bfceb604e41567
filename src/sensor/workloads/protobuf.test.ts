import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesField, numberField } from "../../../test/harness/stand-in-runtime.ts";
import { fieldsOf, ProtobufError, textOf, type Field } from "./protobuf.ts";

const number = fc.integer({ min: 1, max: 0x1fff_ffff });
const field = fc.oneof(
  fc.record({ number, value: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }) }),
  fc.record({ number, bytes: fc.uint8Array({ maxLength: 300 }) }),
);

test("what was written is read", () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const bytes = Buffer.concat(
        fields.map((f) => ("bytes" in f ? bytesField(f.number, f.bytes) : numberField(f.number, f.value))),
      );
      const wanted = fields.map((f): unknown =>
        "bytes" in f
          ? { number: f.number, is: "bytes", bytes: Buffer.from(f.bytes) }
          : { number: f.number, is: "varint", value: BigInt(f.value) },
      );
      const read = [...fieldsOf(bytes)].map((f) => (f.is === "bytes" ? { ...f, bytes: Buffer.from(f.bytes) } : f));
      expect(read as unknown[]).toEqual(wanted);
    }),
  );
});

test("whatever the bytes are, they are read or refused, and nothing outside them is seen", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const read: Field[] = [];
      try {
        for (const f of fieldsOf(bytes)) read.push(f);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
      const inside = read.reduce((sum, f) => sum + (f.is === "bytes" ? f.bytes.length : 0), 0);
      expect(inside).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

test("a message that was cut off is refused wherever the cut is inside a field", () => {
  const whole = bytesField(5, "some text");
  for (let length = 1; length < whole.length; length++)
    expect(() => [...fieldsOf(whole.subarray(0, length))]).toThrow("cut off");
});

test.each([
  ["a number of 11 bytes", [0x08, ...Array<number>(10).fill(0xff), 0x01], "more than 64 bits"],
  ["field 0", [0x00, 0x01], "no number"],
  ["a group", [0x0b, 0x0c], "of a kind"],
  ["an end of a group", [0x0c], "of a kind"],
  ["a length beyond all", [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "cut off"],
  ["a fixed number that is cut", [0x0d, 1, 2, 3], "cut off"],
  ["a long fixed number that is cut", [0x09, 1, 2, 3, 4, 5, 6, 7], "cut off"],
] as const)("%s is refused", (_, bytes, reason) => {
  expect(() => [...fieldsOf(Uint8Array.from(bytes))]).toThrow(reason);
});

test("numbers of fixed width are passed over, the largest number is read, and fields are counted", () => {
  const bytes = Uint8Array.from([
    0x0d,
    1,
    2,
    3,
    4,
    0x09,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    0x08,
    ...Array<number>(9).fill(0xff),
    1,
  ]);
  expect([...fieldsOf(bytes)]).toEqual([
    { number: 1, is: "fixed" },
    { number: 1, is: "fixed" },
    { number: 1, is: "varint", value: 0xffff_ffff_ffff_ffffn },
  ]);
  expect([...fieldsOf(new Uint8Array(20).fill(8), 10)]).toHaveLength(10);
  expect(() => [...fieldsOf(new Uint8Array(22).fill(8), 10)]).toThrow("more than 10 fields");
});

test("a text that is no UTF-8 costs nothing but itself", () => {
  expect(textOf(Uint8Array.of(0x61, 0xff, 0x62))).toBe("a�b");
});
