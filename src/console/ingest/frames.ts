import { Packr } from "msgpackr";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { StreamUp, type StreamDown } from "../../core/wire/stream.ts";
import { decompress } from "../http/body.ts";
import { checkShape } from "../http/depth.ts";
import { unpackMsgpack } from "../http/msgpack.ts";

const checker = compile(StreamUp);
const packr = new Packr({ useRecords: false });

/** Reads a frame of a sensor: zstd MessagePack, or JSON in a text frame. Throws AppError `invalid_request` or `too_large`. */
export function readFrame(frame: string | Buffer): StreamUp {
  if (frame.length > LIMITS.streamFrameBytes) throw new AppError("too_large", "The frame is too large.");
  let value: unknown;
  if (typeof frame === "string") {
    try {
      value = JSON.parse(frame);
    } catch (cause) {
      throw new AppError("invalid_request", "The text frame is not JSON.", { cause, pointer: "/" });
    }
    checkShape(value);
  } else value = unpackMsgpack(decompress(frame, LIMITS.decompressedBytes));
  return checker.parse(value);
}

/** A frame for a sensor. */
export function writeFrame(message: StreamDown): Uint8Array {
  return Bun.zstdCompressSync(packr.pack(message));
}
