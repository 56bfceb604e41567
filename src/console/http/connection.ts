import type { Socket } from "bun";
import { parseSensorUri, normalSerial } from "../../core/pki/names.ts";
import { addressKey } from "../users/address-key.ts";
import { DirectSocket, type Wire } from "./direct-socket.ts";
import type { ConnectionPeer } from "./env.ts";
import { Pipe } from "./pipe.ts";
import type { SocketHandler } from "./socket.ts";

type End = Socket<Connection>;

/** Why a connection was cut; a label of the metric. */
export type CutReason = "handshake_timeout" | "header_timeout" | "idle" | "revoked" | "shutdown" | "too_many";

/** Beyond this a client that has to wait for an answer first is not read any further. */
const MAX_GATHERED_BYTES = 16_384;

/** How long a connection may take for what is due of it. */
export interface TimeLimits {
  /** From its turn. */
  readonly handshakeTimeoutMs: number;
  /** From the first byte of a request to the end of its head. */
  readonly headerTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** For a client to close a WebSocket that has ended. */
const GOODBYE_MS = 5_000;
/** Nobody waits longer for a turn. */
const HANDSHAKE_WAIT_MS = 60_000;

/** One TLS connection, and the loopback connection it is joined to or the WebSocket that is served on it. */
export class Connection implements Wire {
  readonly up = new Pipe<Connection>((inner) => inner.end());
  readonly down = new Pipe<Connection>((front) => front.end());
  peer: ConnectionPeer;
  /** What it counts under: its address, or its network where one host has as many as it likes. */
  readonly address: string;
  /** Names under which the connection can be found and cut: serial and sensor id of the certificate, as it claims them. */
  names: readonly string[] = [];
  /** The certificate was signed by one of our anchors: such connections do not count against their address. */
  known = false;
  secure = false;
  closed = false;
  upgraded = false;
  clientEnded = false;
  requests = 0;
  readonly openedMs: number;
  /** When its handshake's turn came; 0 while it waits. */
  begunMs = 0;
  activeMs: number;
  /** Since when bytes came without a whole request head; 0 while none are due. */
  headSinceMs = 0;
  innerPort = 0;
  readonly #front: End;
  #inner: End | undefined;
  /** What came before it is known who answers; undefined once it is. */
  #gathered: Buffer | undefined;
  #held = false;
  #socket: DirectSocket | undefined;

  constructor(front: End, nowMs: number) {
    this.#front = front;
    this.openedMs = this.activeMs = nowMs;
    const remoteAddr = front.remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
    this.address = addressKey(remoteAddr);
    this.peer = { remoteAddr, remotePort: front.remotePort, certificate: undefined };
    this.up.from(front);
    this.down.to(front);
  }

  /** Its handshake may go on: what came meanwhile is still with the kernel. */
  begin(nowMs: number): void {
    this.activeMs = nowMs;
    this.#front.resume();
    this.begunMs = nowMs;
  }

  /** Takes what the handshake proved. */
  secured(known: boolean): void {
    this.secure = true;
    const certificate = this.#front.getPeerX509Certificate?.() as
      | { raw: Uint8Array; serialNumber: string; subjectAltName?: string }
      | undefined;
    if (!certificate) return;
    this.known = known;
    this.peer = { ...this.peer, certificate: new Uint8Array(certificate.raw) };
    const sensorId = /URI:([^,\s]+)/.exec(certificate.subjectAltName ?? "")?.[1];
    const named = sensorId === undefined ? undefined : parseSensorUri(sensorId);
    this.names = [normalSerial(certificate.serialNumber), ...(named ? [named] : [])];
  }

  /** What the client sends is gathered from here on, until `serve` or `pass`. */
  gather(): void {
    this.#gathered = Buffer.alloc(0);
  }

  /** Passes on what was gathered, and what comes. */
  pass(): void {
    const gathered = this.#gathered;
    this.#release();
    if (gathered && gathered.length > 0) this.up.send(gathered);
  }

  /** Serves a WebSocket right here: `answer` says yes to it, behind `size` bytes of what was gathered it begins. */
  serve(handler: SocketHandler, answer: Buffer, size: number): void {
    const rest = this.#gathered?.subarray(size);
    this.#release();
    this.upgraded = true;
    this.down.send(answer);
    this.#socket = new DirectSocket(this, handler);
    this.#socket.open();
    if (rest && rest.length > 0) this.#socket.receive(rest);
  }

  /** The WebSocket that is served here. */
  get socket(): DirectSocket | undefined {
    return this.#socket;
  }

  joined(inner: End): void {
    this.#inner = inner;
    this.innerPort = inner.localPort;
    this.down.from(inner);
    this.up.to(inner);
  }

  /** Gives what was gathered so far while it is not known who answers. */
  fromClient(data: Buffer, nowMs: number): Buffer | undefined {
    // Who was told goodbye keeps nothing alive.
    if (!this.#socket?.closed) this.activeMs = nowMs;
    if (this.#socket) {
      this.#socket.receive(data);
      return undefined;
    }
    if (!this.upgraded && this.requests === 0 && this.headSinceMs === 0) this.headSinceMs = nowMs;
    if (!this.#gathered) {
      this.up.send(data);
      return undefined;
    }
    // A copy: the runtime may reuse the buffer it read into.
    this.#gathered = Buffer.concat([this.#gathered, data]);
    if (this.#gathered.length > MAX_GATHERED_BYTES && !this.#held) {
      this.#held = true;
      this.#front.pause();
    }
    return this.#gathered;
  }

  write(bytes: Buffer): void {
    this.down.send(bytes);
  }

  finish(): void {
    this.down.end();
  }

  waitingBytes(): number {
    return this.down.waitingBytes;
  }

  /** The client takes more. */
  drained(nowMs: number): void {
    if (this.down.flush()) this.activeMs = nowMs;
    if (this.down.waitingBytes === 0) this.#socket?.drained();
  }

  fromServer(data: Buffer, nowMs: number): void {
    this.activeMs = nowMs;
    this.down.send(data);
  }

  /** The client will send no more. A request under way still gets its answer; the HTTP server would drop it on a half-closed socket. */
  clientEnd(): void {
    this.clientEnded = true;
    const nobodyAnswers = this.#gathered !== undefined && this.requests === 0;
    if (this.#socket || nobodyAnswers) {
      this.#socket?.gone();
      this.down.end();
    } else if (this.requests === 0 && this.headSinceMs === 0) this.up.end();
  }

  requestBegan(): void {
    this.requests++;
    this.headSinceMs = 0;
  }

  requestEnded(): void {
    this.requests--;
  }

  /** True when nothing is under way and it may be closed without anybody missing anything. */
  get idle(): boolean {
    return this.requests === 0 && !this.upgraded && this.headSinceMs === 0 && this.down.waitingBytes === 0;
  }

  /** Why it is to be cut now; undefined while it is in time. */
  overdue(nowMs: number, limits: TimeLimits): CutReason | undefined {
    if (!this.secure) {
      const late =
        this.begunMs > 0 ? nowMs - this.begunMs > limits.handshakeTimeoutMs : nowMs - this.openedMs > HANDSHAKE_WAIT_MS;
      if (late) return "handshake_timeout";
    }
    if (this.headSinceMs > 0 && nowMs - this.headSinceMs > limits.headerTimeoutMs) return "header_timeout";
    const silentMs = nowMs - this.activeMs;
    if (this.#socket?.closed && silentMs > GOODBYE_MS) return "idle";
    const listens = this.upgraded && this.down.waitingBytes === 0;
    return silentMs > limits.idleTimeoutMs && !listens ? "idle" : undefined;
  }

  /** Closes both ends at once. */
  cut(): void {
    this.closed = true;
    this.up.clear();
    this.down.clear();
    this.#front.terminate();
    this.#inner?.terminate();
    this.#socket?.gone();
  }

  /** One end is gone: what the other still has to give is given first. */
  frontClosed(): void {
    this.closed = true;
    this.up.clear();
    this.down.clear();
    this.#inner?.terminate();
    this.#socket?.gone();
  }

  innerClosed(): void {
    this.up.clear();
    this.down.end();
  }

  #release(): void {
    this.#gathered = undefined;
    if (this.#held) this.#front.resume();
    this.#held = false;
  }
}
