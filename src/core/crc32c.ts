/** CRC-32C (Castagnoli, reflected), eight bytes a step. */
const TABLE = new Uint32Array(8 * 256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  TABLE[i] = c;
}
for (let s = 1; s < 8; s++)
  for (let i = 0; i < 256; i++) {
    const before = TABLE[(s - 1) * 256 + i]!;
    TABLE[s * 256 + i] = (before >>> 8) ^ TABLE[before & 255]!;
  }

/** Checksum of `bytes[start, end)`, continued from `seed` (0 to begin). */
export function crc32c(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let c = ~seed;
  let i = start;
  for (const whole = end - 7; i < whole; i += 8) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      TABLE[1792 + (c & 255)]! ^
      TABLE[1536 + ((c >>> 8) & 255)]! ^
      TABLE[1280 + ((c >>> 16) & 255)]! ^
      TABLE[1024 + (c >>> 24)]! ^
      TABLE[768 + bytes[i + 4]!]! ^
      TABLE[512 + bytes[i + 5]!]! ^
      TABLE[256 + bytes[i + 6]!]! ^
      TABLE[bytes[i + 7]!]!;
  }
  for (; i < end; i++) c = TABLE[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
