/** Below this a loop over the characters is faster than a call of the runtime's encoder. */
const SHORT = 24;
const UUID_BYTES = 16;
/** Sensors and tenants come again and again; beyond this many all are worked out anew. */
const UUIDS_KEPT = 65_536;

const uuids = new Map<string, Uint8Array>();

/** A UUID as ClickHouse holds it: two halves of 64 bits, each with its lowest byte first. */
export function uuidBytes(uuid: string): Uint8Array {
  const known = uuids.get(uuid);
  if (known) return known;
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  if (bytes.length !== UUID_BYTES) throw new RangeError("not a UUID");
  bytes.subarray(0, 8).reverse();
  bytes.subarray(8).reverse();
  if (uuids.size >= UUIDS_KEPT) uuids.clear();
  uuids.set(uuid, bytes);
  return bytes;
}

/** Writes values as ClickHouse's Native format has them, into one buffer that grows. */
export class BlockWriter {
  #bytes: Buffer<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  constructor(capacityBytes: number) {
    this.#bytes = Buffer.from(new ArrayBuffer(capacityBytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written; the writer is not used after it. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  uint8(value: number): void {
    if ((value & 0xff) !== value) throw outOfRange(value);
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange(value);
    this.#room(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange(value);
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** A whole number from 0 to 2^53 - 1. */
  uint64(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(value);
    this.#room(8);
    this.#view.setUint32(this.#at, value % 0x1_0000_0000, true);
    this.#view.setUint32(this.#at + 4, value / 0x1_0000_0000, true);
    this.#at += 8;
  }

  uuid(value: string): void {
    this.#room(UUID_BYTES);
    this.#bytes.set(uuidBytes(value), this.#at);
    this.#at += UUID_BYTES;
  }

  /** Bytes as they are, `times` times behind each other. */
  bytes(bytes: Uint8Array, times = 1): void {
    const size = bytes.length * times;
    this.#room(size);
    const [start, end] = [this.#at, this.#at + size];
    if (size > 0) this.#bytes.set(bytes, start);
    for (let done = bytes.length; done < size; done *= 2)
      this.#bytes.copyWithin(start + done, start, start + Math.min(done, size - done));
    this.#at = end;
  }

  /** Its length in bytes and its UTF-8; a half of a surrogate pair becomes U+FFFD. */
  text(value: string): void {
    const { length } = value;
    if (length < SHORT) {
      this.#room(length + 1);
      const bytes = this.#bytes;
      let at = this.#at;
      bytes[at++] = length;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at++] = code;
      }
      if (i === length) {
        this.#at = at;
        return;
      }
    }
    // The place for the length is guessed from the characters, and put right in the rare case that it takes another byte.
    this.#room(length * 3 + 8);
    const start = this.#at;
    const guess = varintSize(length);
    // Not TextEncoder: a view of the buffer for each text would cost more than writing it.
    const written = this.#bytes.write(value, start + guess, "utf8");
    const size = varintSize(written);
    if (size !== guess) this.#bytes.copyWithin(start + size, start + guess, start + guess + written);
    this.varint(written);
    this.#at = start + size + written;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.from(new ArrayBuffer(Math.max(this.#bytes.length * 2, this.#at + bytes)));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function outOfRange(value: number): RangeError {
  return new RangeError(`${value} does not fit its column`);
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** What is before the dictionary of a column of few different texts. */
export function writeDictionaryHead(writer: BlockWriter, different: number): 0 | 1 | 2 {
  const width = different <= 0x100 ? 0 : different <= 0x1_0000 ? 1 : 2;
  writer.uint64(LOW_CARDINALITY_VERSION);
  writer.uint64(OWN_KEYS_AND_UPDATE | width);
  writer.uint64(different);
  return width;
}

// LowCardinality, version 1: the block brings its dictionary along. Then the width of the places in it, in the lowest byte.
const LOW_CARDINALITY_VERSION = 1;
const OWN_KEYS_AND_UPDATE = 0x600;

/** Writes texts of few different values: each once, then which of them every row has. */
export function writeDictionary(writer: BlockWriter, count: number, valueAt: (row: number) => string): void {
  const places = new Map<string, number>();
  const indices = new Uint32Array(count);
  let last: string | undefined;
  let place = 0;
  for (let row = 0; row < count; row++) {
    const value = valueAt(row);
    if (value !== last) {
      last = value;
      const known = places.get(value);
      if (known === undefined) places.set(value, (place = places.size));
      else place = known;
    }
    indices[row] = place;
  }
  const width = writeDictionaryHead(writer, places.size);
  for (const value of places.keys()) writer.text(value);
  writer.uint64(count);
  for (const index of indices)
    if (width === 0) writer.uint8(index);
    else if (width === 1) writer.uint16(index);
    else writer.uint32(index);
}

/** A column of a block: its type as ClickHouse writes it, and how its values are written. */
export interface NativeColumn<Row> {
  readonly name: string;
  readonly type: string;
  readonly write: (writer: BlockWriter, rows: readonly Row[]) => void;
}

/** Writes rows as one block of ClickHouse's Native format, as its HTTP interface takes it: column after column, no revision. */
export function writeBlock<Row>(
  writer: BlockWriter,
  columns: readonly NativeColumn<Row>[],
  rows: readonly Row[],
): void {
  writer.varint(columns.length);
  writer.varint(rows.length);
  for (const { name, type, write } of columns) {
    writer.text(name);
    writer.text(type);
    write(writer, rows);
  }
}
