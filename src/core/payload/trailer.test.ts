import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeTrailer, encodeTrailer, TRAILER_BYTES } from "./trailer.ts";

const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const trailers = fc.record({ offset: fc.nat(2 ** 31 - 1), length: fc.nat(2 ** 31 - 1), sha256 });

describe("trailer", () => {
  test("reads back what it wrote", () => {
    fc.assert(
      fc.property(trailers, fc.uint8Array({ maxLength: 80 }), (trailer, before) => {
        const file = new Uint8Array([...before, ...encodeTrailer(trailer)]);
        const found = decodeTrailer(file, trailer.offset + trailer.length + TRAILER_BYTES);
        expect(found).toEqual({ kind: "found", trailer });
      }),
    );
  });

  test("takes no other bytes for one", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodeTrailer(bytes, bytes.length).kind === "none"),
    );
  });

  test("is broken when the file has grown or shrunk", () => {
    fc.assert(
      fc.property(
        trailers,
        fc.integer({ min: -1000, max: 1000 }).filter((n) => n !== 0),
        (trailer, by) => {
          const size = trailer.offset + trailer.length + TRAILER_BYTES + by;
          return decodeTrailer(encodeTrailer(trailer), size).kind === "broken";
        },
      ),
    );
  });

  test("is broken when its format is not known", () => {
    const bytes = encodeTrailer({ offset: 1, length: 1, sha256: "00".repeat(32) });
    bytes[8] = 9;
    expect(decodeTrailer(bytes, 2 + TRAILER_BYTES)).toEqual({
      kind: "broken",
      reason: "payload format 9 is not known",
    });
  });
});
