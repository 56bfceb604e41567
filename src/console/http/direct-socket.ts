import { LIMITS } from "../../core/wire/limits.ts";
import { FrameError, FrameReader, frameOf, LONGEST_CONTROL, OPCODE, type FrameUser } from "./frame-reader.ts";
import type { ClientSocket, SocketHandler } from "./socket.ts";

/** Who does not take so much is let go of: what waits for it is said again when it comes back. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Codes that say that there was none: they are never sent. */
const NO_CODE = 1005;
const GONE = 1006;

/** What a socket needs of the connection it is on. */
export interface Wire {
  waitingBytes(): number;
  write(bytes: Buffer): void;
  /** Ends this side once all is written. */
  finish(): void;
  cut(): void;
}

function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== GONE) ||
    (code >= 3000 && code < 5000)
  );
}

/** A WebSocket right on a TLS connection, without an HTTP server between. */
export class DirectSocket implements ClientSocket, FrameUser {
  readonly #wire: Wire;
  readonly #handler: SocketHandler;
  readonly #reader: FrameReader;
  #closed = false;
  #over = false;

  constructor(wire: Wire, handler: SocketHandler) {
    this.#wire = wire;
    this.#handler = handler;
    this.#reader = new FrameReader(LIMITS.streamFrameBytes, this);
  }

  /** It has said goodbye, or was told. */
  get closed(): boolean {
    return this.#closed;
  }

  open(): void {
    this.#handler.open?.(this);
  }

  send(data: string | Uint8Array): number {
    if (this.#closed) return 0;
    const text = typeof data === "string";
    const payload = text ? Buffer.from(data) : data;
    return this.#write(frameOf(text ? OPCODE.text : OPCODE.binary, payload)) ? payload.length : -1;
  }

  close(code = 1000, reason = ""): void {
    if (this.#closed) return;
    this.#goodbye(code, reason);
    this.#end(code, reason);
  }

  terminate(): void {
    if (this.#closed) return;
    this.#end(GONE, "");
    this.#wire.cut();
  }

  getBufferedAmount(): number {
    return this.#wire.waitingBytes();
  }

  /** Bytes of the client. */
  receive(data: Buffer): void {
    if (this.#closed) return;
    try {
      this.#reader.push(data);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.code, error.message);
    }
  }

  /** The connection takes more. */
  drained(): void {
    if (!this.#closed) this.#handler.drain?.(this);
  }

  /** The connection is gone. */
  gone(): void {
    if (!this.#closed) this.#end(GONE, "");
  }

  message(message: string | Buffer): void {
    this.#handler.message(this, message);
  }

  control(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#write(frameOf(OPCODE.pong, payload));
    if (opcode !== OPCODE.close) return;
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : NO_CODE;
    const reason = payload.toString("utf8", 2);
    this.#goodbye(isSendable(code) ? code : 1000, "");
    this.#end(code, reason);
  }

  /** True when nothing waits. */
  #write(frame: Buffer): boolean {
    this.#wire.write(frame);
    const waitingBytes = this.#wire.waitingBytes();
    if (waitingBytes > MAX_WAITING_BYTES) this.terminate();
    return waitingBytes === 0;
  }

  #goodbye(code: number, reason: string): void {
    const payload = Buffer.alloc(LONGEST_CONTROL);
    payload.writeUInt16BE(code, 0);
    // Cut between characters.
    const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
    this.#wire.write(frameOf(OPCODE.close, payload.subarray(0, 2 + written)));
    // The connection may be gone when this returns.
    this.#closed = true;
    this.#wire.finish();
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = this.#closed = true;
    this.#reader.end();
    this.#handler.close?.(this, code, reason);
  }
}
