import { Packr } from "msgpackr";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { decompressFrame, needsDictionary, type FrameDictionary } from "../../core/wire/dictionary.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { sizeInFrame } from "../../core/wire/zstd-frame.ts";
import { StreamUp, type StreamDown } from "../../core/wire/stream.ts";
import { decompress } from "../http/body.ts";
import { checkShape } from "../http/depth.ts";
import { unpackMsgpack } from "../http/msgpack.ts";
import type { PackedEvents } from "../rows/packed-events.ts";
import { splitBatch } from "./split-batch.ts";

const checker = compile(StreamUp);
const packr = new Packr({ useRecords: false });

/** Decompresses a frame; `dictionary` is the one agreed on, if any. */
function unpackFrame(frame: Buffer, dictionary: FrameDictionary | undefined): Uint8Array {
  if (!needsDictionary(frame)) {
    const size = sizeInFrame(frame);
    return size !== undefined && size > 0 && size <= LIMITS.decompressedBytes
      ? inflate(frame)
      : decompress(frame, LIMITS.decompressedBytes);
  }
  if (!dictionary)
    throw new AppError("invalid_request", "The frame needs a dictionary that was not agreed on.", { pointer: "/" });
  try {
    return decompressFrame(frame, LIMITS.decompressedBytes, dictionary);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE")
      throw new AppError("too_large", "The frame is too large after decompression.", { cause });
    throw new AppError("invalid_request", "The frame is not zstd, or of another dictionary.", { cause, pointer: "/" });
  }
}

/** A frame that says how large it becomes: in one step, without a stream of its own around it. */
function inflate(frame: Buffer): Uint8Array {
  try {
    return Bun.zstdDecompressSync(frame);
  } catch (cause) {
    throw new AppError("invalid_request", "The frame is not zstd.", { cause, pointer: "/" });
  }
}

/** A frame as read; `packed` are its events where they were not looked at yet (the batch has an empty list of them then). */
export interface ReadFrame {
  readonly up: StreamUp;
  readonly packed: PackedEvents | undefined;
}

/** Reads a frame of a sensor: zstd MessagePack, or JSON in a text frame. Throws AppError `invalid_request` or `too_large`. */
export function readFrame(frame: string | Buffer, dictionary?: FrameDictionary): ReadFrame {
  if (frame.length > LIMITS.streamFrameBytes) throw new AppError("too_large", "The frame is too large.");
  let value: unknown;
  if (typeof frame === "string") {
    try {
      value = JSON.parse(frame);
    } catch (cause) {
      throw new AppError("invalid_request", "The text frame is not JSON.", { cause, pointer: "/" });
    }
    checkShape(value);
    return { up: checker.parse(value), packed: undefined };
  }
  const bytes = unpackFrame(frame, dictionary);
  const split = splitBatch(bytes);
  // Held against the schema on the way.
  if (split?.head) return { up: { type: "events", batch: { ...split.head, events: [] } }, packed: split.events };
  value = unpackMsgpack(split?.envelope() ?? bytes);
  return { up: checker.parse(value), packed: split?.events };
}

/** A zstd frame of this many bytes at most says its size in one byte. */
const SHORT_BYTES = 255;
// RFC 8878: magic number; a single segment whose size is one byte; that size; a block header of three bytes.
const SHORT_HEAD = [0x28, 0xb5, 0x2f, 0xfd, 0x20] as const;

/**
 * A frame for a sensor. What the Console says is short, and said often: up to 255 bytes go as they are, in a zstd frame with one raw block.
 */
export function writeFrame(message: StreamDown): Uint8Array {
  const packed = packr.pack(message);
  const { length } = packed;
  if (length > SHORT_BYTES) return Bun.zstdCompressSync(packed);
  const block = (length << 3) | 1;
  const frame = new Uint8Array(SHORT_HEAD.length + 4 + length);
  frame.set(SHORT_HEAD);
  frame.set([length, block & 0xff, block >> 8, 0], SHORT_HEAD.length);
  frame.set(packed, SHORT_HEAD.length + 4);
  return frame;
}
