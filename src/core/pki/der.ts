/** Tags of DER that certificates are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The bytes are no DER, or not what was looked for. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/**
 * Reads values one behind the other out of DER bytes. Lengths must be in their shortest form and inside the bytes; nothing is copied,
 * nothing recurses, and each level is a reader of its own.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  /** Tag of the next value; 0 at the end. */
  get tag(): number {
    return this.#at < this.#end ? this.#bytes[this.#at]! : 0;
  }

  /** Content of the next value, which must have this tag. Throws DerError. */
  read(tag: number): Uint8Array {
    const [from, to] = this.#value(tag);
    return this.#bytes.subarray(from, to);
  }

  /** The next value, which must have this tag, as a reader. Throws DerError. */
  enter(tag: number = TAG.sequence): DerReader {
    const [from, to] = this.#value(tag);
    return new DerReader(this.#bytes, from, to);
  }

  /** The next value with its tag and length. Throws DerError. */
  whole(tag: number): Uint8Array {
    const begin = this.#at;
    this.#value(tag);
    return this.#bytes.subarray(begin, this.#at);
  }

  /** Throws DerError when something follows. */
  finish(): void {
    if (!this.done) throw new DerError("bytes follow the end");
  }

  #value(tag: number): readonly [from: number, to: number] {
    if (this.tag !== tag) throw new DerError(`tag ${this.tag} where ${tag} should be`);
    const from = this.#at + 2;
    if (from > this.#end) throw new DerError("no length");
    const first = this.#bytes[from - 1]!;
    const [start, size] = first < 0x80 ? [from, first] : this.#longLength(from, first & 0x7f);
    if (size > this.#end - start) throw new DerError("a length beyond the bytes");
    this.#at = start + size;
    return [start, this.#at];
  }

  #longLength(from: number, count: number): readonly [start: number, size: number] {
    if (count === 0 || count > 3 || from + count > this.#end) throw new DerError("a length nobody writes");
    let size = 0;
    for (let i = 0; i < count; i++) size = size * 256 + this.#bytes[from + i]!;
    if (size < (count === 1 ? 0x80 : 256 ** (count - 1))) throw new DerError("a length that is not the shortest");
    return [from + count, size];
  }
}

/** Name of a certificate's subject, DER. Throws DerError. */
export function subjectOf(certificate: Uint8Array): Uint8Array {
  const tbs = new DerReader(certificate).enter().enter();
  // Version, serial number, kind of signature, issuer, validity.
  for (const tag of [0xa0, TAG.integer, TAG.sequence, TAG.sequence, TAG.sequence]) tbs.read(tag);
  return tbs.whole(TAG.sequence);
}

/** Milliseconds since 1970 of the next value, a time as certificates write it: to the second, in UTC. Throws DerError. */
export function readTime(reader: DerReader): number {
  const long = reader.tag === TAG.generalizedTime;
  const text = Buffer.from(reader.read(long ? TAG.generalizedTime : TAG.utcTime)).toString("latin1");
  const match = /^(\d\d)?(\d\d)\d{10}Z$/.exec(text);
  if (!match || (match[1] !== undefined) !== long) throw new DerError("a time of another form");
  // RFC 5280: two digits stand for 1950 to 2049.
  const whole = long ? text : `${Number(match[2]) < 50 ? "20" : "19"}${text}`;
  const [year, month, day, hour, minute, second] = [0, 4, 6, 8, 10, 12].map((at) =>
    Number(whole.slice(at, at === 0 ? 4 : at + 2)),
  ) as [number, number, number, number, number, number];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(ms).toISOString().replaceAll(/[-:T]|\.000/g, "") !== whole) throw new DerError("a time that is none");
  return ms;
}
