import { Unpackr } from "msgpackr";
import { AppError } from "../../core/error.ts";
import { MAX_DEPTH } from "./depth.ts";

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

function deny(reason: string): AppError {
  return new AppError("invalid_request", `The body is not acceptable MessagePack: ${reason}.`, { pointer: "/" });
}

// Length of what follows the first byte of fixed-size values 0xc0…0xd3; -1: handled elsewhere, -2: never used by us.
const FIXED = [0, -2, 0, 0, -1, -1, -1, -2, -2, -2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/**
 * Walks MessagePack without building anything: a header that claims more than the bytes left, a nesting beyond the limit or an
 * extension type is refused here, before the decoder allocates for it.
 */
export function scanMsgpack(data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = data.length;
  // Values still to come at each level; maps count keys and values.
  const open = new Float64Array(MAX_DEPTH + 1);
  let depth = 0;
  let at = 0;
  open[0] = 1;
  const count = (width: 1 | 2 | 4): number => {
    if (at + width > size) throw deny("it ends in the middle of a value");
    const value = width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getUint32(at);
    at += width;
    return value;
  };
  const skip = (bytes: number): void => {
    at += bytes;
  };
  const enter = (items: number): void => {
    if (items > size - at) throw deny("a list or map claims more entries than there are bytes");
    if (items === 0) return;
    if (++depth > MAX_DEPTH) throw deny(`it is nested more than ${MAX_DEPTH} levels deep`);
    open[depth] = items;
  };
  while (depth > 0 || open[0]! > 0) {
    if (open[depth] === 0) {
      depth--;
      continue;
    }
    if (at >= size) throw deny("it ends in the middle of a value");
    open[depth]!--;
    const byte = data[at++]!;
    if (byte < 0x80 || byte >= 0xe0) continue;
    if (byte < 0x90) enter((byte & 0x0f) * 2);
    else if (byte < 0xa0) enter(byte & 0x0f);
    else if (byte < 0xc0) skip(byte & 0x1f);
    else if (byte < 0xd4) {
      const length = FIXED[byte - 0xc0]!;
      if (length === -2) throw deny("it uses an extension type");
      skip(length >= 0 ? length : count(byte === 0xc4 ? 1 : byte === 0xc5 ? 2 : 4));
    } else if (byte < 0xd9) throw deny("it uses an extension type");
    else if (byte < 0xdc) skip(count(byte === 0xd9 ? 1 : byte === 0xda ? 2 : 4));
    else if (byte < 0xde) enter(count(byte === 0xdc ? 2 : 4));
    else enter(count(byte === 0xde ? 2 : 4) * 2);
    if (at > size) throw deny("it ends in the middle of a value");
  }
  if (at < size) throw deny("bytes follow its end");
}

/** The value in MessagePack bytes; throws AppError `invalid_request`. */
export function unpackMsgpack(data: Uint8Array): unknown {
  scanMsgpack(data);
  try {
    return unpackr.unpack(data) as unknown;
  } catch (cause) {
    throw new AppError("invalid_request", "The body is not MessagePack.", { cause, pointer: "/" });
  }
}
