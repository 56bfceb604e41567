import { expect, test } from "bun:test";
import fc from "fast-check";
import { unpack } from "msgpackr";
import { zstdDecompressSync } from "node:zlib";
import { decompressFrame, FRAME_DICTIONARY, needsDictionary } from "../../core/wire/dictionary.ts";
import { writeFrame } from "./frames.ts";

test("what the Console says is zstd for everybody, short or long", () => {
  const text = fc.string({ maxLength: 300 });
  fc.assert(
    fc.property(text, text, (code, message) => {
      const said = { type: "error", code, message } as const;
      const frame = writeFrame(said);
      expect(needsDictionary(frame)).toBe(false);
      for (const bytes of [
        Bun.zstdDecompressSync(Buffer.from(frame)),
        zstdDecompressSync(frame),
        decompressFrame(frame, 4_096, FRAME_DICTIONARY),
      ])
        expect(unpack(bytes)).toEqual(said);
    }),
  );
});
