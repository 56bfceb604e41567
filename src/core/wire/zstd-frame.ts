/** RFC 8878: the first bytes of a frame. */
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const DESCRIPTOR_AT = 4;
/** Bytes of the size, by its flag; with flag 0 it is there only when there is no window. */
const SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_HEAD_BYTES = 3;
const REPEATED = 1;
const RESERVED = 3;
const CHECKSUM_BYTES = 4;

/**
 * Bytes a zstd frame says it becomes, when it says so and nothing follows it: more can't come out of it then. Undefined for anything
 * else; what is in its blocks is not looked at.
 */
export function sizeInFrame(frame: Uint8Array): number | undefined {
  const descriptor = frame[DESCRIPTOR_AT];
  if (descriptor === undefined || MAGIC.some((byte, i) => frame[i] !== byte) || (descriptor & 0x08) !== 0)
    return undefined;
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const sizeBytes = flag === 0 && single ? 1 : SIZE_BYTES[flag]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeAt = DESCRIPTOR_AT + 1 + (single ? 0 : 1) + dictionaryBytes;
  let at = sizeAt + sizeBytes;
  if (sizeBytes === 0 || at > frame.length) return undefined;
  let size = flag === 1 ? 256 : 0;
  for (let i = 0; i < sizeBytes; i++) size += frame[sizeAt + i]! * 256 ** i;
  for (let last = false; !last;) {
    if (at + BLOCK_HEAD_BYTES > frame.length) return undefined;
    const head = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
    const kind = (head >> 1) & 3;
    if (kind === RESERVED) return undefined;
    last = (head & 1) !== 0;
    at += BLOCK_HEAD_BYTES + (kind === REPEATED ? 1 : head >> 3);
  }
  if ((descriptor & 0x04) !== 0) at += CHECKSUM_BYTES;
  return at === frame.length ? size : undefined;
}
