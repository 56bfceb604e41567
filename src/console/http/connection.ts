import type { Socket } from "bun";
import { parseSensorUri, normalSerial } from "../../core/pki/names.ts";
import type { ConnectionPeer } from "./env.ts";
import { Pipe } from "./pipe.ts";

type End = Socket<Connection>;

/** Why a connection was cut; a label of the metric. */
export type CutReason = "handshake_timeout" | "header_timeout" | "idle" | "revoked" | "shutdown" | "too_many";

/** One TLS connection and the loopback connection it is joined to. */
export class Connection {
  readonly up = new Pipe<Connection>((inner) => inner.end());
  readonly down = new Pipe<Connection>((front) => front.end());
  peer: ConnectionPeer;
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
  #front: End;
  #inner: End | undefined;

  constructor(front: End, nowMs: number) {
    this.#front = front;
    this.openedMs = this.activeMs = nowMs;
    const remoteAddr = front.remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
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

  joined(inner: End): void {
    this.#inner = inner;
    this.innerPort = inner.localPort;
    this.down.from(inner);
    this.up.to(inner);
  }

  fromClient(data: Buffer, nowMs: number): void {
    this.activeMs = nowMs;
    if (!this.upgraded && this.requests === 0 && this.headSinceMs === 0) this.headSinceMs = nowMs;
    this.up.send(data);
  }

  fromServer(data: Buffer, nowMs: number): void {
    this.activeMs = nowMs;
    this.down.send(data);
  }

  /** The client will send no more. A request under way still gets its answer; the HTTP server would drop it on a half-closed socket. */
  clientEnd(): void {
    this.clientEnded = true;
    if (this.requests === 0 && this.headSinceMs === 0) this.up.end();
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

  /** Closes both ends at once. */
  cut(): void {
    this.closed = true;
    this.up.clear();
    this.down.clear();
    this.#front.terminate();
    this.#inner?.terminate();
  }

  /** One end is gone: what the other still has to give is given first. */
  frontClosed(): void {
    this.closed = true;
    this.up.clear();
    this.down.clear();
    this.#inner?.terminate();
  }

  innerClosed(): void {
    this.up.clear();
    this.down.end();
  }
}
