const encoder = new TextEncoder();

/** SHA-256 of a text (as UTF-8) or of bytes, 32 bytes. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(Bun.SHA256.hash(data as never) as unknown as ArrayBufferLike);
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Bytes of a lower-case hex text of a SHA-256; throws RangeError for anything else. */
export function fromHex(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new RangeError("not a SHA-256 in hex");
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** One array of all bytes. */
export function concat(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part))));
}

/** What stands before the first link of a chain and before the first root. */
export const ZERO_HASH = "0".repeat(64);
