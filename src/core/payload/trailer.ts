/**
 * The last bytes of the whole file, behind the payload. Little-endian:
 *
 *   magic "TLVXPAY\n" | format u32 | zero u32 | offset u64 | length u64 | SHA-256 of the payload, 32 bytes
 *
 * The head is everything before `offset`; a file without the magic is a head alone.
 */
export const TRAILER_BYTES = 64;
const TRAILER_FORMAT = 1;

const MAGIC = new TextEncoder().encode("TLVXPAY\n");
const HASH_AT = 32;

export interface Trailer {
  /** Where the payload begins, and so the size of the head, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export type TrailerResult =
  | { readonly kind: "none" }
  | { readonly kind: "found"; readonly trailer: Trailer }
  | { readonly kind: "broken"; readonly reason: string };

/** The trailer's 64 bytes. */
export function encodeTrailer({ offset, length, sha256 }: Trailer): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, TRAILER_FORMAT, true);
  view.setBigUint64(16, BigInt(offset), true);
  view.setBigUint64(24, BigInt(length), true);
  bytes.set(Buffer.from(sha256, "hex"), HASH_AT);
  return bytes;
}

/** Reads the last bytes of a file of `fileBytes` bytes; what does not add up is `broken`, never guessed. */
export function decodeTrailer(tail: Uint8Array, fileBytes: number): TrailerResult {
  const bytes = tail.subarray(Math.max(0, tail.length - TRAILER_BYTES));
  if (bytes.length < TRAILER_BYTES || !MAGIC.every((byte, i) => bytes[i] === byte)) return { kind: "none" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_BYTES);
  const format = view.getUint32(8, true);
  if (format !== TRAILER_FORMAT) return { kind: "broken", reason: `payload format ${format} is not known` };
  const offset = Number(view.getBigUint64(16, true));
  const length = Number(view.getBigUint64(24, true));
  if (offset + length + TRAILER_BYTES !== fileBytes)
    return {
      kind: "broken",
      reason: `the file has ${fileBytes} bytes where its trailer says ${offset + length + TRAILER_BYTES}`,
    };
  const sha256 = Buffer.from(bytes.subarray(HASH_AT, HASH_AT + 32)).toString("hex");
  return { kind: "found", trailer: { offset, length, sha256 } };
}
