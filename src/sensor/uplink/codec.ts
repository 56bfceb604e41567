import { Packr, Unpackr } from "msgpackr";
import type { RuntimeEvent } from "../../core/event/event.ts";
import { BatchBuffer } from "../../core/spool/format.ts";
import type { SpoolBatch } from "../../core/spool/reader.ts";
import type { LaneName } from "../../core/wire/common.ts";
import { compressFrame, decompressFrame, needsDictionary, type FrameDictionary } from "../../core/wire/dictionary.ts";
import type { EventsBatch } from "../../core/wire/events.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { sizeInFrame } from "../../core/wire/zstd-frame.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const MAX_MISSING = 1_000;
/** From here on a frame is compressed at the quickest level: events repeat each other so much that it comes out no larger. */
const LARGE_BYTES = 24 * 1024;

/** Which sequence a batch is of. */
export interface BatchLane {
  readonly epoch: string;
  readonly lane: LaneName;
  /** For ways that have no hello: up to here numbers were acknowledged under another epoch or by another Console. */
  readonly baseSeq?: number;
}

/** MessagePack and zstd: how everything goes to the Console. */
export function encodeBody(value: unknown): Uint8Array<ArrayBuffer> {
  return compress(packr.pack(value));
}

export function compress(bytes: Uint8Array, dictionary?: FrameDictionary): Uint8Array<ArrayBuffer> {
  return bytes.length > LARGE_BYTES ? quickly(bytes) : compressFrame(bytes, dictionary);
}

function quickly(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = Bun.zstdCompressSync(bytes, { level: 1 });
  return new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.byteLength);
}

/** Inverse of encodeBody; throws when it is neither, or too large. */
export function decodeBody(bytes: Uint8Array, dictionary?: FrameDictionary): unknown {
  const size = sizeInFrame(bytes);
  // A frame that says how large it is never gets larger; most are acknowledgements, and the general way costs more than they do.
  const isPlain = size !== undefined && size <= LIMITS.decompressedBytes && !needsDictionary(bytes);
  const plain = isPlain ? Bun.zstdDecompressSync(bytes) : decompressFrame(bytes, LIMITS.decompressedBytes, dictionary);
  return unpackr.unpack(plain) as unknown;
}

function fields(batch: SpoolBatch, { epoch, lane, baseSeq = 0 }: BatchLane): Omit<EventsBatch, "events"> {
  const missing = batch.missing.slice(0, MAX_MISSING).map((m) => ({ from_seq: m.from, to_seq: m.to, cause: m.cause }));
  return {
    epoch,
    lane,
    first_seq: batch.firstSeq,
    last_seq: batch.lastSeq,
    ...(baseSeq > 0 ? { base_seq: baseSeq } : {}),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

/** A batch as a value: for the heartbeat, which carries few events. */
export function toEventsBatch(batch: SpoolBatch, lane: BatchLane): EventsBatch {
  return { ...fields(batch, lane), events: batch.records.map((r) => unpackr.unpack(r.payload) as RuntimeEvent) };
}

function packParts(batch: SpoolBatch, lane: BatchLane): Uint8Array[] {
  const head = Object.entries(fields(batch, lane));
  const parts: Uint8Array[] = [Uint8Array.of(0x80 | (head.length + 1))];
  for (const [key, value] of head) parts.push(packr.pack(key), packr.pack(value));
  const count = batch.records.length;
  parts.push(
    packr.pack("events"),
    Uint8Array.of(0xdd, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255),
  );
  for (const record of batch.records) parts.push(record.payload);
  return parts;
}

/** A batch as MessagePack. The spool's payloads are events in MessagePack already, and go in as they are. */
export function packBatch(batch: SpoolBatch, lane: BatchLane): Uint8Array {
  return Buffer.concat(packParts(batch, lane));
}

const EVENTS_HEAD = [Uint8Array.of(0x82), packr.pack("type"), packr.pack("events"), packr.pack("batch")];

/** A frame of the stream with a batch in it, before compression. */
export function packFrame(batch: SpoolBatch, lane: BatchLane): Uint8Array {
  return Buffer.concat([...EVENTS_HEAD, ...packParts(batch, lane)]);
}

const frameBuffer = new BatchBuffer();

/** A frame of the stream with a batch in it. */
export function eventsFrame(batch: SpoolBatch, lane: BatchLane, dictionary?: FrameDictionary): Uint8Array<ArrayBuffer> {
  const parts = [...EVENTS_HEAD, ...packParts(batch, lane)];
  let size = 0;
  for (const part of parts) size += part.length;
  const frame = frameBuffer.take(size);
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return compress(frame, dictionary);
}
