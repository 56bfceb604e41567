import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { DICTIONARY_BASE64, DICTIONARY_ID } from "./dictionary-data.ts";
import { sizeInFrame } from "./zstd-frame.ts";

/** A zstd dictionary both ends have; a frame of one event says with it in two fifths of the bytes what it says without. */
export interface FrameDictionary {
  /** First 8 hex digits of its SHA-256. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The one dictionary of this version, made by scripts/train-dictionary.ts. */
export const FRAME_DICTIONARY: FrameDictionary = {
  id: DICTIONARY_ID,
  bytes: new Uint8Array(Buffer.from(DICTIONARY_BASE64, "base64")),
};

/** Above this a frame has enough of its own to refer to: the dictionary then saves little and costs time. Bytes before compression. */
const MAX_BYTES = 24 * 1024;

/** Compresses a frame, with the dictionary where it wins. The frame's own header says whether it needs one. */
export function compressFrame(bytes: Uint8Array, dictionary?: FrameDictionary): Uint8Array<ArrayBuffer> {
  const small = dictionary !== undefined && bytes.length <= MAX_BYTES;
  const out = small ? zstdCompressSync(bytes, { dictionary: dictionary.bytes }) : Bun.zstdCompressSync(bytes);
  return new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.byteLength);
}

/** True when a zstd frame says that it was made with a dictionary. */
export function needsDictionary(frame: Uint8Array): boolean {
  return frame.length > 4 && (frame[4]! & 3) !== 0;
}

/** Inverse of compressFrame; throws when it is no zstd, needs another dictionary or becomes larger than `maxBytes`. */
export function decompressFrame(frame: Uint8Array, maxBytes: number, dictionary?: FrameDictionary): Uint8Array {
  const options = dictionary && needsDictionary(frame) ? { dictionary: dictionary.bytes } : {};
  const size = sizeInFrame(frame);
  // All at once where it fits: room for the whole, and a little more, so that nobody asks for the rest.
  const chunkSize = size !== undefined && size <= MAX_BYTES ? { chunkSize: size + 64 } : {};
  return zstdDecompressSync(frame, { maxOutputLength: maxBytes, ...chunkSize, ...options });
}
