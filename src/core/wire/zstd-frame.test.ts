import { expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrame, FRAME_DICTIONARY } from "./dictionary.ts";
import { sizeInFrame } from "./zstd-frame.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 70_000, size: "max" }),
  fc.tuple(fc.nat(255), fc.nat(300_000)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
);

test("the size a frame says is the size it has, and nothing may follow it", () => {
  fc.assert(
    fc.property(bytes, fc.nat(3), (content, how) => {
      const frame = [
        () => Bun.zstdCompressSync(content),
        () => zstdCompressSync(content),
        () => compressFrame(content),
        () => compressFrame(content, FRAME_DICTIONARY),
      ][how]!();
      const size = sizeInFrame(frame);
      expect(size === undefined || size === content.length).toBe(true);
      if (how === 0) expect(size).toBe(content.length);
      expect(sizeInFrame(Buffer.concat([frame, frame]))).toBeUndefined();
      expect(sizeInFrame(frame.subarray(0, -1))).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

test("more than it says never comes out of a frame", () => {
  const frame = Buffer.from(Bun.zstdCompressSync(Buffer.from("sensor ".repeat(200))));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const changed = Buffer.from(frame);
      for (const [at, byte] of changes) changed[at] = byte;
      const size = sizeInFrame(changed);
      if (size === undefined || size > 1_000_000) return;
      try {
        expect(Bun.zstdDecompressSync(changed).length).toBe(size);
      } catch (error) {
        if (!(error instanceof Error) || !/zstd|decompress|data/i.test(error.message)) throw error;
      }
    }),
    { numRuns: 3_000 },
  );
});

test("what is no frame says nothing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => sizeInFrame(noise) === undefined));
});
