const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text without NULs at its end: values copied from C carry one. */
export function withoutNul(text: string): string {
  let end = text.length;
  while (end > 0 && text.codePointAt(end - 1) === 0) end--;
  return text.slice(0, end);
}

/** The text cut to so many UTF-8 bytes, never within a character. */
export function cutBytes(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
