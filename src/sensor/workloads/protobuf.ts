/** Bytes that are no message, or more of it than is read. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** A field of a message as it is on the wire; a nested message is `bytes` for whoever knows that it is one. */
export type Field =
  | { readonly number: number; readonly is: "varint"; readonly value: bigint }
  | { readonly number: number; readonly is: "bytes"; readonly bytes: Uint8Array }
  /** Of a fixed width: nothing that is read here has one. */
  | { readonly number: number; readonly is: "fixed" };

const MAX_NUMBER = 0x1fff_ffff;
const MAX_VARINT_BYTES = 10;
const decoder = new TextDecoder();

class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  varint(): bigint {
    let low = 0;
    let value = 0n;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new ProtobufError("it is cut off inside a number");
      // Nearly all numbers are small, and big integers are slow.
      if (i < 4) low |= (byte & 0x7f) << (7 * i);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return BigInt.asUintN(64, value | BigInt(low));
    }
    throw new ProtobufError("a number has more than 64 bits");
  }

  take(length: bigint): Uint8Array {
    if (length > BigInt(this.bytes.length - this.at)) throw new ProtobufError("it is cut off inside a field");
    const from = this.at;
    this.at += Number(length);
    return this.bytes.subarray(from, this.at);
  }
}

/**
 * The fields of one message, one after the other; its nested messages are not entered, so that depth is up to the caller.
 * Throws a ProtobufError at what is cut off, at groups and at what comes after `maxFields` fields.
 */
export function* fieldsOf(bytes: Uint8Array, maxFields = 65_536): Generator<Field> {
  const cursor = new Cursor(bytes);
  for (let count = 0; cursor.at < bytes.length; count++) {
    if (count === maxFields) throw new ProtobufError(`it has more than ${maxFields} fields`);
    const key = cursor.varint();
    const number = Number(key >> 3n);
    if (number < 1 || number > MAX_NUMBER) throw new ProtobufError("a field has no number that is one");
    switch (Number(key & 7n)) {
      case 0:
        yield { number, is: "varint", value: cursor.varint() };
        break;
      case 1:
        cursor.take(8n);
        yield { number, is: "fixed" };
        break;
      case 2:
        yield { number, is: "bytes", bytes: cursor.take(cursor.varint()) };
        break;
      case 5:
        cursor.take(4n);
        yield { number, is: "fixed" };
        break;
      default:
        throw new ProtobufError("a field is of a kind that is not read");
    }
  }
}

/** The text of a field; what is no UTF-8 in it is replaced. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
