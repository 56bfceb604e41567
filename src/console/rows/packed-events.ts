import { unpackMsgpack } from "../http/msgpack.ts";

/** Events of a frame as they came: MessagePack values one behind the other, not looked at yet. */
export class PackedEvents {
  readonly bytes: Uint8Array;
  readonly length: number;

  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes;
    this.length = length;
  }

  /** As objects; throws AppError `invalid_request`. */
  unpack(): unknown[] {
    const { length } = this;
    const head = Uint8Array.of(0xdd, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
    return unpackMsgpack(Buffer.concat([head, this.bytes])) as unknown[];
  }
}
