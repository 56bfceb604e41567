import { TAG } from "./der.ts";

/** A value of DER: its tag, its length in the shortest form, and the parts of its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  if (size > 0xffff) throw new RangeError("a certificate's parts are shorter");
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...parts);
}

/** A positive integer of big-endian octets. */
export function integer(octets: Uint8Array): Buffer {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from++;
  const short = octets.subarray(from);
  return short[0]! >= 0x80 ? der(TAG.integer, Buffer.of(0), short) : der(TAG.integer, short);
}

/** A bit string of whole octets. */
export function bitString(octets: Uint8Array): Buffer {
  return der(TAG.bitString, Buffer.of(0), octets);
}

/** A text in the narrowest of the two forms that names have. */
export function text(value: string): Buffer {
  const printable = /^[A-Za-z0-9 '()+,./:=?-]*$/.test(value);
  return der(printable ? TAG.printableString : TAG.utf8String, Buffer.from(value));
}

/** A time to the second, in the form its year has (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  const whole = at.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? der(TAG.utcTime, Buffer.from(whole.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(whole));
}
