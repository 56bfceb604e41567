import { Link, type ClientIdentity, type LinkUser, type Target } from "./tls.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** Largest message the Console may send. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

export interface SocketUser {
  /** It is being opened from now on. */
  begun(): void;
  opened(): void;
  message(data: string | Uint8Array): void;
  closed(why: string): void;
}

/**
 * A client's end of a WebSocket (RFC 6455), as thin as a fleet in one process needs it. Its mask is zero: that saves a pass over
 * every byte, and hides nothing that TLS does not hide.
 */
export class SimSocket implements LinkUser {
  readonly #link: Link;
  readonly #host: string;
  readonly #user: SocketUser;
  #rest: Buffer = Buffer.alloc(0);
  #open = false;

  constructor(target: Target, identity: ClientIdentity, user: SocketUser) {
    this.#host = `${target.hostname}:${target.port}`;
    this.#user = user;
    this.#link = Link.open(target, identity, this);
  }

  get waitingBytes(): number {
    return this.#link.waitingBytes;
  }

  send(bytes: Uint8Array): void {
    this.#frame(BINARY, bytes);
  }

  /** Ends it without the words of an orderly end. */
  cut(): void {
    this.#open = false;
    this.#link.cut();
  }

  begun(): void {
    this.#user.begun();
  }

  secured(): void {
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
    const lines = [
      "GET /api/v1/sensors/stream HTTP/1.1",
      `Host: ${this.#host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Version: 13",
    ];
    this.#link.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  }

  received(data: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(data) : Buffer.concat([this.#rest, data]);
    if (!this.#open && !this.#upgraded()) return;
    while (this.#open && this.#take());
  }

  closed(why: string): void {
    this.#open = false;
    this.#user.closed(why);
  }

  #upgraded(): boolean {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#rest.length > MAX_MESSAGE_BYTES) this.#fail("the answer to the upgrade is too large");
      return false;
    }
    const status = this.#rest.toString("latin1", 9, 12);
    if (status !== "101") {
      this.#fail(`the Console answered ${status}`);
      return false;
    }
    this.#rest = this.#rest.subarray(end + 4);
    this.#open = true;
    this.#user.opened();
    return this.#open;
  }

  #fail(why: string): void {
    this.#link.cut();
    this.closed(why);
  }

  /** Takes one frame off what came; false when there is no whole one. */
  #take(): boolean {
    const b = this.#rest;
    if (b.length < 2) return false;
    const short = b[1]! & 0x7f;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (b.length < head) return false;
    const size = short === 127 ? Number(b.readBigUInt64BE(2)) : short === 126 ? b.readUInt16BE(2) : short;
    if (size > MAX_MESSAGE_BYTES || (b[0]! & 0x80) === 0) {
      this.#fail("the Console's frame is not one it may send");
      return false;
    }
    if (b.length < head + size) return false;
    const body = b.subarray(head, head + size);
    this.#rest = b.subarray(head + size);
    this.#dispatch(b[0]! & 15, body);
    // The rest must not keep a large buffer alive.
    if (this.#rest.length === 0) this.#rest = Buffer.alloc(0);
    return true;
  }

  #dispatch(opcode: number, body: Buffer): void {
    if (opcode === TEXT) this.#user.message(body.toString("utf8"));
    else if (opcode === BINARY) this.#user.message(body);
    else if (opcode === PING) this.#frame(PONG, body);
    else if (opcode === CLOSE) {
      const code = body.length >= 2 ? body.readUInt16BE(0) : 1005;
      this.#fail(`the Console closed the stream (${code}${body.length > 2 ? ` ${body.toString("utf8", 2)}` : ""})`);
    }
  }

  #frame(opcode: number, body: Uint8Array): void {
    if (!this.#open) return;
    const long = body.length > 65_535 ? 8 : body.length > 125 ? 2 : 0;
    const frame = Buffer.alloc(2 + long + 4 + body.length);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (long === 8 ? 127 : long === 2 ? 126 : body.length);
    if (long === 2) frame.writeUInt16BE(body.length, 2);
    else if (long === 8) frame.writeBigUInt64BE(BigInt(body.length), 2);
    frame.set(body, 2 + long + 4);
    this.#link.write(frame);
  }
}
