import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Packr, Unpackr } from "msgpackr";
import type { RuntimeEvent } from "../../core/event/event.ts";
import type { SpoolBatch } from "../../core/spool/spool.ts";
import type { EventsBatch } from "../../core/wire/events.ts";
import { LIMITS } from "../../core/wire/limits.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

/** MessagePack and zstd: how everything goes to the Console. */
export function encodeBody(value: unknown): Uint8Array<ArrayBuffer> {
  return compress(packr.pack(value));
}

export function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zstdCompressSync(bytes));
}

/** Inverse of encodeBody; throws when it is neither, or too large. */
export function decodeBody(bytes: Uint8Array): unknown {
  return unpackr.unpack(zstdDecompressSync(bytes, { maxOutputLength: LIMITS.decompressedBytes })) as unknown;
}

function fields(batch: SpoolBatch, epoch: string): Omit<EventsBatch, "events"> {
  const missing = batch.missing.slice(0, 1000).map((m) => ({ from_seq: m.from, to_seq: m.to, cause: m.cause }));
  return {
    epoch,
    first_seq: batch.firstSeq,
    last_seq: batch.lastSeq,
    ...(missing.length > 0 ? { missing } : {}),
  };
}

/** A batch as a value: for the heartbeat, which carries few events. */
export function toEventsBatch(batch: SpoolBatch, epoch: string): EventsBatch {
  return { ...fields(batch, epoch), events: batch.records.map((r) => unpackr.unpack(r.payload) as RuntimeEvent) };
}

/** A batch as MessagePack. The spool's payloads are events in MessagePack already, and go in as they are. */
export function packBatch(batch: SpoolBatch, epoch: string): Uint8Array {
  const head = Object.entries(fields(batch, epoch));
  const parts: Uint8Array[] = [Uint8Array.of(0x80 | (head.length + 1))];
  for (const [key, value] of head) parts.push(packr.pack(key), packr.pack(value));
  const count = batch.records.length;
  parts.push(
    packr.pack("events"),
    Uint8Array.of(0xdd, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255),
  );
  for (const record of batch.records) parts.push(record.payload);
  return Buffer.concat(parts);
}

/** A frame of the stream with a batch in it. */
export function eventsFrame(batch: SpoolBatch, epoch: string): Uint8Array<ArrayBuffer> {
  const head = [Uint8Array.of(0x82), packr.pack("type"), packr.pack("events"), packr.pack("batch")];
  return compress(Buffer.concat([...head, packBatch(batch, epoch)]));
}
