/** Operation codes of RFC 6455. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Close codes a peer can earn. */
export const BROKEN = { protocol: 1002, notText: 1007, tooLarge: 1009 } as const;

const LONGEST_HEAD = 14;
/** Payload of a control frame, in bytes. */
export const LONGEST_CONTROL = 125;
/** What a frame that comes in pieces gets at first; it grows with what really comes, not with what its head claims. */
const FIRST_PIECE = 4_096;
const EMPTY = Buffer.alloc(0);

/** The peer broke the protocol; the socket ends with this code. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface FrameUser {
  /** A whole message. The bytes are the user's until it returns. */
  message(message: string | Buffer): void;
  control(opcode: typeof OPCODE.close | typeof OPCODE.ping | typeof OPCODE.pong, payload: Buffer): void;
}

interface Head {
  readonly opcode: number;
  readonly last: boolean;
  readonly size: number;
  /** Bytes of the head itself. */
  readonly length: number;
}

/** A buffer that holds what came, never more than twice of it. */
class Growing {
  size = 0;
  #bytes: Buffer;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  add(piece: Uint8Array, most: number): void {
    const needed = this.size + piece.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(most, Math.max(needed, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.size);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.size);
    this.size = needed;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }
}

/**
 * Takes a client's frames apart (RFC 6455, without extensions). Bounded by what a message may have, whatever heads claim; memory
 * follows what came. `push` throws FrameError for anything a client may not send.
 */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #user: FrameUser;
  /** The beginning of a head that is not whole. */
  #begun: Buffer = EMPTY;
  #head: Head | undefined;
  readonly #mask = new Uint8Array(4);
  #payload: Growing | undefined;
  /** Of a message in several frames: its kind, and what came of it. */
  #kind = 0;
  #parts: Growing | undefined;
  #ended = false;

  constructor(maxBytes: number, user: FrameUser) {
    this.#maxBytes = maxBytes;
    this.#user = user;
  }

  /** Nothing more is read. */
  end(): void {
    this.#ended = true;
    this.#payload = this.#parts = undefined;
  }

  /** Takes bytes as they came; they are unmasked in place. */
  push(data: Buffer): void {
    let at = 0;
    while (at < data.length && !this.#ended) {
      if (!this.#head) {
        at = this.#begin(data, at);
        if (!this.#head) return;
      }
      const head: Head = this.#head;
      const piece = data.subarray(at, at + head.size - (this.#payload?.size ?? 0));
      at += piece.length;
      let payload: Buffer = piece;
      if (piece.length < head.size) {
        this.#payload ??= new Growing(Math.min(head.size, Math.max(FIRST_PIECE, piece.length)));
        this.#payload.add(piece, head.size);
        if (this.#payload.size < head.size) return;
        payload = this.#payload.bytes;
      }
      this.#head = this.#payload = undefined;
      const mask = this.#mask;
      for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!;
      this.#take(head, payload);
    }
  }

  /** Reads a head; answers where its payload begins. Without a whole head what there is of it is kept. */
  #begin(data: Buffer, from: number): number {
    const before = this.#begun.length;
    const b =
      before === 0
        ? data.subarray(from, from + LONGEST_HEAD)
        : Buffer.concat([this.#begun, data.subarray(from, from + LONGEST_HEAD - before)]);
    const head = this.#read(b);
    if (!head) {
      // A copy: what came with it must not be kept for its sake.
      this.#begun = Buffer.from(b);
      return data.length;
    }
    this.#mask.set(b.subarray(head.length - 4, head.length));
    this.#begun = EMPTY;
    this.#head = head;
    return from + head.length - before;
  }

  #read(b: Buffer): Head | undefined {
    if (b.length < 2) return undefined;
    const opcode = b[0]! & 0x0f;
    const last = (b[0]! & 0x80) !== 0;
    const control = opcode >= OPCODE.close;
    if ((b[0]! & 0x70) !== 0) throw new FrameError(BROKEN.protocol, "an extension that was not agreed on");
    if ((b[1]! & 0x80) === 0) throw new FrameError(BROKEN.protocol, "a frame without a mask");
    if (opcode > OPCODE.pong || (opcode > OPCODE.binary && !control))
      throw new FrameError(BROKEN.protocol, "an unknown kind of frame");
    const short = b[1]! & 0x7f;
    if (control && (!last || short > LONGEST_CONTROL))
      throw new FrameError(BROKEN.protocol, "a control frame in pieces or too long");
    if (!control && (opcode === OPCODE.continuation) !== (this.#parts !== undefined))
      throw new FrameError(BROKEN.protocol, "pieces of messages out of order");
    const length = 6 + (short === 127 ? 8 : short === 126 ? 2 : 0);
    if (b.length < length) return undefined;
    const size =
      short === 127 ? b.readUInt32BE(2) * 2 ** 32 + b.readUInt32BE(6) : short === 126 ? b.readUInt16BE(2) : short;
    if (!control && size + (this.#parts?.size ?? 0) > this.#maxBytes)
      throw new FrameError(BROKEN.tooLarge, "a message that is too large");
    return { opcode, last, size, length };
  }

  #take({ opcode, last }: Head, payload: Buffer): void {
    if (opcode === OPCODE.close || opcode === OPCODE.ping || opcode === OPCODE.pong)
      return this.#user.control(opcode, payload);
    if (opcode !== OPCODE.continuation) this.#kind = opcode;
    if (last && !this.#parts) return this.#deliver(payload);
    this.#parts ??= new Growing(Math.min(this.#maxBytes, Math.max(FIRST_PIECE, payload.length)));
    this.#parts.add(payload, this.#maxBytes);
    if (!last) return;
    const whole = this.#parts.bytes;
    this.#parts = undefined;
    this.#deliver(whole);
  }

  #deliver(payload: Buffer): void {
    if (this.#kind === OPCODE.binary) return this.#user.message(payload);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    } catch {
      throw new FrameError(BROKEN.notText, "text that is not UTF-8");
    }
    this.#user.message(text);
  }
}

/** A frame of the Console: whole, without a mask. */
export function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const size = payload.length;
  const head = size > 65_535 ? 10 : size > 125 ? 4 : 2;
  const frame = Buffer.allocUnsafe(head + size);
  frame[0] = 0x80 | opcode;
  frame[1] = head === 10 ? 127 : head === 4 ? 126 : size;
  if (head === 4) frame.writeUInt16BE(size, 2);
  else if (head === 10) {
    frame.writeUInt32BE(Math.floor(size / 2 ** 32), 2);
    frame.writeUInt32BE(size % 2 ** 32, 6);
  }
  frame.set(payload, head);
  return frame;
}
