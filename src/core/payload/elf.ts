/** Bytes at the start of a file that `elfSize` needs. */
export const ELF_HEADER_BYTES = 64;

/**
 * Size of a 64-bit little-endian ELF file as its header tells it: the section table is the last thing in it. Whatever lies
 * behind was appended later. Undefined when the header is none.
 */
export function elfSize(header: Uint8Array): number | undefined {
  if (header.length < ELF_HEADER_BYTES) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, ELF_HEADER_BYTES);
  const isElf64 = view.getUint32(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  if (!isElf64) return undefined;
  const sectionTable = Number(view.getBigUint64(0x28, true));
  return sectionTable + view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
}
