const HEAD = Buffer.from("checksums format version: 4\n");
/** Checksum of a compressed block, 16 bytes, then its method, its size with this header of 9 bytes, and the size of what is in it. */
const BLOCK_CHECKSUM_BYTES = 16;
const BLOCK_HEADER_BYTES = 9;
const LZ4 = 0x82;
const PLAIN = 0x02;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Sizes of a part's files as the engine noted them in `checksums.txt`, by name; undefined when the text is cut off, damaged or of another
 * form.
 */
export function readPartSizes(text: Buffer): ReadonlyMap<string, number> | undefined {
  if (!text.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  try {
    return readEntries(unpackBlocks(text.subarray(HEAD.length)));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function unpackBlocks(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + BLOCK_CHECKSUM_BYTES;
    const method = bytes.readUInt8(start);
    const size = bytes.readUInt32LE(start + 1);
    const plainSize = bytes.readUInt32LE(start + 5);
    const end = start + size;
    if (size < BLOCK_HEADER_BYTES || end > bytes.length || plainSize > MAX_BYTES) throw new RangeError("a block");
    const body = bytes.subarray(start + BLOCK_HEADER_BYTES, end);
    if (method === LZ4) blocks.push(unpackLz4(body, plainSize));
    else if (method === PLAIN && body.length === plainSize) blocks.push(body);
    else throw new RangeError("a method");
    at = end;
  }
  return Buffer.concat(blocks);
}

/** One LZ4 block of a known size. Throws RangeError for anything else. */
function unpackLz4(from: Buffer, size: number): Buffer {
  const to = Buffer.alloc(size);
  let [at, out] = [0, 0];
  const longer = (length: number): number => {
    if (length < 15) return length;
    for (let more = 255; more === 255; length += more) more = from.readUInt8(at++);
    return length;
  };
  while (at < from.length) {
    const token = from.readUInt8(at++);
    const literals = longer(token >> 4);
    if (at + literals > from.length || out + literals > size) throw new RangeError("literals");
    from.copy(to, out, at, at + literals);
    at += literals;
    out += literals;
    if (at === from.length) break;
    const offset = from.readUInt16LE(at);
    at += 2;
    const length = longer(token & 15) + 4;
    if (offset === 0 || offset > out || out + length > size) throw new RangeError("a match");
    for (const end = out + length; out < end; out++) to[out] = to[out - offset]!;
  }
  if (out !== size) throw new RangeError("the size");
  return to;
}

function readEntries(bytes: Buffer): ReadonlyMap<string, number> {
  let at = 0;
  const number = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
      if (factor > 2 ** 49) throw new RangeError("a number");
    }
  };
  const sizes = new Map<string, number>();
  for (let left = number(); left > 0; left--) {
    const length = number();
    if (at + length > bytes.length) throw new RangeError("a name");
    const name = bytes.toString("utf8", at, at + length);
    at += length;
    sizes.set(name, number());
    at += 16;
    if (bytes.readUInt8(at++) === 0) continue;
    number();
    at += 16;
  }
  if (at !== bytes.length) throw new RangeError("the end");
  return sizes;
}
