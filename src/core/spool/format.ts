import { crc32c } from "../crc32c.ts";

/*
 * A segment file: a header of 32 bytes, then records.
 *
 *   header  "TXSPOOL1" | epoch, 8 bytes | first seq u64 | crc32c of the 24 bytes before, u32 | 0 u32
 *   record  payload length u32 | crc32c of seq and payload u32 | seq u64 | payload
 *
 * All numbers are little-endian. Checksums of records are seeded with the epoch: bytes inside a payload that look
 * like a record (an attacker chooses argument texts) can't pass for one when a damaged file is read.
 *
 * A record with seq 0 is a mark. Each append is one mark, its events, and the same mark again; it says which
 * numbers the batch has and where its source had been read to. Two marks, so that one damaged byte costs neither
 * the batch's completeness nor the source's position. A batch never spans segments.
 */
export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 16;
export const MAX_PAYLOAD_BYTES = 256 * 1024;
const MARK_HEADER_BYTES = 16;
/** Memory for appends that is kept although the last one needed less. */
const KEPT_BYTES = 64 * 1024;
/** Longest position that can be kept with a batch. */
export const MAX_POSITION_BYTES = MAX_PAYLOAD_BYTES - MARK_HEADER_BYTES;
const MAGIC = new TextEncoder().encode("TXSPOOL1");
/** A plausible step between two records; only steers the search for the next good record in damaged bytes. */
const MAX_SEQ_STEP = 1_000_000;

/** What an append covers: events `first .. first + count - 1`, and the opaque position of its source after them. */
export interface Mark {
  readonly first: number;
  readonly count: number;
  readonly position: Uint8Array;
}

export type Item =
  | {
      readonly kind: "event";
      readonly seq: number;
      readonly payload: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly kind: "mark";
      readonly mark: Mark;
      readonly closing: boolean;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "damage"; readonly start: number; readonly end: number };

/** How the bytes after the last good record look: nothing, a cut-off write, or damage. */
export type Tail = "clean" | "torn" | "damaged";

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Checksum seed of an epoch (16 hex digits). */
export function epochSeed(epoch: string): number {
  return crc32c(Buffer.from(epoch, "hex"));
}

export function encodeSegmentHeader(epoch: string, firstSeq: number): Uint8Array {
  const out = new Uint8Array(SEGMENT_HEADER_BYTES);
  out.set(MAGIC);
  out.set(Buffer.from(epoch, "hex"), 8);
  view(out).setBigUint64(16, BigInt(firstSeq), true);
  view(out).setUint32(24, crc32c(out, 0, 0, 24), true);
  return out;
}

/** The header of a segment; undefined when the bytes are not one. */
export function decodeSegmentHeader(bytes: Uint8Array): { epoch: string; firstSeq: number } | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || MAGIC.some((b, i) => bytes[i] !== b)) return undefined;
  if (view(bytes).getUint32(24, true) !== crc32c(bytes, 0, 0, 24)) return undefined;
  return {
    epoch: Buffer.from(bytes.subarray(8, 16)).toString("hex"),
    firstSeq: Number(view(bytes).getBigUint64(16, true)),
  };
}

const HIGH = 2 ** 32;

function putRecord(out: Uint8Array, v: DataView, at: number, seq: number, payload: Uint8Array, seed: number): number {
  v.setUint32(at, payload.length, true);
  v.setUint32(at + 8, seq % HIGH, true);
  v.setUint32(at + 12, Math.floor(seq / HIGH), true);
  out.set(payload, at + RECORD_HEADER_BYTES);
  const end = at + RECORD_HEADER_BYTES + payload.length;
  v.setUint32(at + 4, crc32c(out, seed, at + 8, end), true);
  return end;
}

function encodeMark(mark: Mark, closing: boolean): Uint8Array {
  const out = new Uint8Array(MARK_HEADER_BYTES + mark.position.length);
  const v = view(out);
  v.setBigUint64(0, BigInt(mark.first), true);
  v.setUint32(8, mark.count, true);
  v.setUint32(12, closing ? 1 : 0, true);
  out.set(mark.position, MARK_HEADER_BYTES);
  return out;
}

/** Memory for one append after the other, as large as was needed last. */
export class BatchBuffer {
  #bytes = new Uint8Array();

  /** So many bytes of it, with anything in them. */
  take(size: number): Uint8Array {
    if (this.#bytes.length < size || this.#bytes.length > 4 * size + KEPT_BYTES)
      this.#bytes = new Uint8Array(Math.ceil((size * 5) / 4));
    return this.#bytes.subarray(0, size);
  }
}

/**
 * Bytes of one append: mark, events numbered from `mark.first`, mark. Payloads are 1 to MAX_PAYLOAD_BYTES long. They are in the buffer,
 * when one is given, until it is used again.
 */
export function encodeBatch(
  mark: Mark,
  payloads: readonly Uint8Array[],
  seed: number,
  buffer = new BatchBuffer(),
): Uint8Array {
  const opening = encodeMark(mark, false);
  let size = 2 * (RECORD_HEADER_BYTES + opening.length);
  for (const p of payloads) size += RECORD_HEADER_BYTES + p.length;
  const out = buffer.take(size);
  const v = view(out);
  let at = putRecord(out, v, 0, 0, opening, seed);
  for (let i = 0; i < payloads.length; i++) at = putRecord(out, v, at, mark.first + i, payloads[i]!, seed);
  putRecord(out, v, at, 0, encodeMark(mark, true), seed);
  return out;
}

function readItem(bytes: Uint8Array, v: DataView, at: number, lastSeq: number, seed: number): Item | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  const length = v.getUint32(at, true);
  const end = at + RECORD_HEADER_BYTES + length;
  if (length === 0 || length > MAX_PAYLOAD_BYTES || end > bytes.length) return undefined;
  const seq = v.getUint32(at + 8, true) + v.getUint32(at + 12, true) * 2 ** 32;
  if (seq !== 0 && lastSeq !== 0 && (seq <= lastSeq - MAX_SEQ_STEP || seq > lastSeq + MAX_SEQ_STEP)) return undefined;
  if (v.getUint32(at + 4, true) !== crc32c(bytes, seed, at + 8, end)) return undefined;
  const payload = bytes.subarray(at + RECORD_HEADER_BYTES, end);
  if (seq !== 0) return { kind: "event", seq, payload, start: at, end };
  if (length < MARK_HEADER_BYTES) return undefined;
  const pv = view(payload);
  const mark = {
    first: Number(pv.getBigUint64(0, true)),
    count: pv.getUint32(8, true),
    position: payload.subarray(MARK_HEADER_BYTES),
  };
  return { kind: "mark", mark, closing: pv.getUint32(12, true) === 1, start: at, end };
}

/** True when what is left can be the beginning of a record whose write was cut off (or was never filled in). */
function looksTorn(bytes: Uint8Array, v: DataView, at: number): boolean {
  if (bytes.length - at < RECORD_HEADER_BYTES) return true;
  const length = v.getUint32(at, true);
  if (length > 0 && length <= MAX_PAYLOAD_BYTES && at + RECORD_HEADER_BYTES + length > bytes.length) return true;
  return bytes.subarray(at).every((b) => b === 0);
}

/**
 * Reads records from `bytes`, starting at offset `start`. Damaged stretches come out as one item each, and reading
 * goes on at the next record whose checksum holds. `lastSeq` is the number before the first record, 0 when unknown.
 */
export function scan(bytes: Uint8Array, start: number, seed: number, lastSeq = 0): { items: Item[]; tail: Tail } {
  const items: Item[] = [];
  const v = view(bytes);
  let at = start;
  let last = lastSeq;
  while (at < bytes.length) {
    let item = readItem(bytes, v, at, last, seed);
    if (!item) {
      let next = at + 1;
      while (next < bytes.length && !(item = readItem(bytes, v, next, last, seed))) next++;
      if (!item && looksTorn(bytes, v, at)) return { items, tail: "torn" };
      items.push({ kind: "damage", start: at, end: item ? next : bytes.length });
      if (!item) return { items, tail: "damaged" };
    }
    items.push(item);
    if (item.kind === "event") last = item.seq;
    at = item.end;
  }
  return { items, tail: "clean" };
}
