import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOURS = 256;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 0xRRGGBB, row by row. */
  readonly colours: Uint32Array;
}

function* chunks(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Undoes the filters of the lines, in place: each byte was written as its difference to a neighbour. */
function unfilter(bytes: Uint8Array, height: number, stride: number, bpp: number): void {
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1) + 1;
    const filter = bytes[start - 1];
    for (let i = 0; i < stride; i++) {
      const a = i >= bpp ? bytes[start + i - bpp]! : 0;
      const b = y > 0 ? bytes[start + i - stride - 1]! : 0;
      const c = i >= bpp && y > 0 ? bytes[start + i - stride - 1 - bpp]! : 0;
      const add = filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : filter === 4 ? paeth(a, b, c) : 0;
      bytes[start + i] = bytes[start + i]! + add;
    }
  }
}

/** Reads a PNG as browsers write it: 8 bits a channel, RGB or RGBA, not interlaced. Throws on any other. */
export function readPng(png: Uint8Array): Pixels {
  const parts = [...chunks(Buffer.from(png))];
  const head = parts.find((part) => part.type === "IHDR")?.data;
  const bpp = head?.[9] === 2 ? 3 : head?.[9] === 6 ? 4 : 0;
  if (!head || head[8] !== 8 || bpp === 0 || head[12] !== 0) throw new Error("not a PNG of the kind browsers write");
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const bytes = new Uint8Array(
    inflateSync(Buffer.concat(parts.filter((part) => part.type === "IDAT").map((part) => part.data))),
  );
  unfilter(bytes, height, width * bpp, bpp);
  const colours = new Uint32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * (width * bpp + 1) + 1 + x * bpp;
      colours[y * width + x] = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    }
  return { width, height, colours };
}

function distance(a: number, b: number): number {
  const [r, g, blue] = [(a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255)];
  return r * r * 2 + g * g * 4 + blue * blue * 3;
}

/** The commonest colours, none too near to one taken before; then the commonest of the rest. */
function choosePalette(colours: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const common = [...counts].toSorted((a, b) => b[1] - a[1]).map(([colour]) => colour);
  if (common.length <= COLOURS) return common;
  const palette: number[] = [];
  for (const apart of [96, 0])
    for (const colour of common) {
      if (palette.length >= COLOURS) break;
      if (palette.every((taken) => distance(taken, colour) > apart)) palette.push(colour);
    }
  return palette;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(Bun.hash.crc32(body), body.length + 4);
  return out;
}

/** The same picture with at most 256 colours, which for drawn interfaces is a third of the bytes. */
export function toPalettePng(png: Uint8Array): Buffer {
  const { width, height, colours } = readPng(png);
  const palette = choosePalette(colours);
  const nearest = new Map<number, number>(palette.map((colour, i) => [colour, i]));
  const rows = new Uint8Array(height * (width + 1));
  for (let i = 0; i < colours.length; i++) {
    const colour = colours[i]!;
    let index = nearest.get(colour);
    if (index === undefined) {
      index = palette.reduce(
        (best, taken, at) => (distance(taken, colour) < distance(palette[best]!, colour) ? at : best),
        0,
      );
      nearest.set(colour, index);
    }
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = index;
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("PLTE", Uint8Array.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array()),
  ]);
}
