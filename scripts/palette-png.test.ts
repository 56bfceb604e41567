import { expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { readPng, toPalettePng } from "./palette-png.ts";

/** A PNG as a browser writes it: RGB, each line with the filter given. */
function rgbPng(width: number, lines: readonly { filter: number; bytes: readonly number[] }[]): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(Bun.hash.crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(lines.length, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const data = deflateSync(Uint8Array.from(lines.flatMap((line) => [line.filter, ...line.bytes])));
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", head),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array()),
  ]);
}

test("undoes every filter", () => {
  const pixels = readPng(
    rgbPng(2, [
      { filter: 0, bytes: [10, 20, 30, 40, 50, 60] },
      { filter: 1, bytes: [1, 1, 1, 1, 1, 1] },
      { filter: 2, bytes: [1, 1, 1, 1, 1, 1] },
      { filter: 3, bytes: [9, 9, 9, 9, 9, 9] },
      { filter: 4, bytes: [1, 1, 1, 1, 1, 1] },
    ]),
  );
  expect([...pixels.colours].map((colour) => colour.toString(16).padStart(6, "0"))).toEqual([
    "0a141e",
    "28323c",
    "010101",
    "020202",
    "020202",
    "030303",
    "0a0a0a",
    "0f0f0f",
    "0b0b0b",
    "101010",
  ]);
});

test("the palette keeps the common colours as they are", () => {
  const bytes = Array.from({ length: 300 }, (_, i) => [i & 255, (i * 7) & 255, i > 255 ? 9 : 0]).flat();
  const png = toPalettePng(
    rgbPng(300, [
      { filter: 0, bytes },
      { filter: 0, bytes: Array.from({ length: 300 }, () => [12, 34, 56]).flat() },
    ]),
  );
  // The colour type of an indexed picture is 3.
  expect(png[25]).toBe(3);
  const palette = png.subarray(png.indexOf("PLTE") + 4);
  expect([...palette.subarray(0, 3)]).toEqual([12, 34, 56]);
});

test("refuses a picture of another kind", () => {
  expect(() => readPng(new Uint8Array(64))).toThrow("not a PNG");
});
