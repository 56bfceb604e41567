import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { chunksOf, inChunks } from "./chunks.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

test("every id once and in order, and no group too long for a URL", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 400 }), { maxLength: 40 }), async (texts) => {
      const ids = texts.filter((text) => text.isWellFormed());
      const chunks = chunksOf(ids);
      expect(chunks.flat()).toEqual(ids);
      for (const chunk of chunks)
        expect(chunk.length === 1 || encodeURIComponent(chunk.map((id) => `'${id}'`).join(",")).length <= 10_000).toBe(
          true,
        );
      expect(await inChunks(ids, (chunk) => Promise.resolve(chunk))).toEqual(ids);
    }),
  );
});
