import type { Socket } from "bun";
import { Line } from "./line.ts";

/** Name in every server certificate the Console issues for itself. */
const CONSOLE_NAME = "telovix-console";

/**
 * Handshakes of one process at once: each is a millisecond of its time, and one that begins thousands has none left to answer the
 * Console in the first of them. Nodes that wait here have not begun; no clock runs for them.
 */
const handshakes = new Line(32);

/** Where the Console is, and what it is recognised by. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
  readonly caPem: string;
}

export interface ClientIdentity {
  readonly certPem: string;
  readonly keyPem: string;
}

/** What a protocol on top of a connection is told. Nothing is called after `closed`. */
export interface LinkUser {
  /** It is being connected from now on. */
  begun(): void;
  secured(): void;
  received(data: Uint8Array): void;
  closed(why: string): void;
}

/**
 * One TLS connection to the Console, with a client certificate. The socket's handlers are shared by all connections: what each
 * costs is the TLS library's state and this object.
 */
export class Link {
  readonly #user: LinkUser;
  readonly #target: Target;
  #socket: Socket<Link> | undefined;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #leave: () => void = () => {};

  private constructor(target: Target, user: LinkUser) {
    this.#target = target;
    this.#user = user;
  }

  static open(target: Target, identity: ClientIdentity | undefined, user: LinkUser): Link {
    const link = new Link(target, user);
    link.#leave = handshakes.enter(() => link.#connect(identity));
    return link;
  }

  #connect(identity: ClientIdentity | undefined): void {
    const { hostname, port, caPem } = this.#target;
    this.#user.begun();
    Bun.connect<Link>({
      hostname,
      port,
      data: this,
      tls: {
        ca: caPem,
        ...(identity ? { cert: identity.certPem, key: identity.keyPem } : {}),
        serverName: CONSOLE_NAME,
        rejectUnauthorized: true,
      },
      socket: HANDLERS,
    }).catch((error: unknown) => this.#end(error instanceof Error ? error.message : String(error)));
  }

  /** Bytes accepted and not yet given to the kernel. */
  get waitingBytes(): number {
    let sum = 0;
    for (const piece of this.#waiting) sum += piece.length;
    return sum;
  }

  /** Sends bytes; they must not be changed afterwards. */
  write(bytes: Uint8Array): void {
    if (this.#ended || !this.#socket) return;
    if (this.#waiting.length > 0) return void this.#waiting.push(bytes);
    const written = Math.max(0, this.#socket.write(bytes));
    if (written < bytes.length) this.#waiting.push(Uint8Array.from(bytes.subarray(written)));
  }

  /** Ends it at once, without a word. */
  cut(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#leave();
    this.#socket?.terminate();
  }

  handshake(socket: Socket<Link>, success: boolean, error: Error | null): void {
    this.#leave();
    if (this.#ended) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    const peer =
      success && !error ? (socket.getPeerCertificate() as { subjectaltname?: string } | undefined) : undefined;
    const names = (peer?.subjectaltname ?? "").split(", ");
    const { hostname } = this.#target;
    const own = [`DNS:${CONSOLE_NAME}`, `DNS:${hostname}`, `IP Address:${hostname}`].some((n) => names.includes(n));
    if (success && !error && own) return this.#user.secured();
    socket.terminate();
    this.#end(error?.message ?? "the server did not prove that it is the Console");
  }

  data(bytes: Uint8Array): void {
    if (!this.#ended) this.#user.received(bytes);
  }

  drain(socket: Socket<Link>): void {
    for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
      const written = Math.max(0, socket.write(piece));
      if (written === piece.length) continue;
      this.#waiting.unshift(piece.subarray(written));
      return;
    }
  }

  gone(why: string): void {
    this.#end(why);
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = [];
    this.#leave();
    this.#user.closed(why);
  }
}

const HANDLERS = {
  handshake: (socket: Socket<Link>, success: boolean, error: Error | null) =>
    socket.data.handshake(socket, success, error),
  data: (socket: Socket<Link>, bytes: Buffer) => socket.data.data(bytes),
  drain: (socket: Socket<Link>) => socket.data.drain(socket),
  end: (socket: Socket<Link>) => {
    socket.data.gone("the Console ended the connection");
    socket.end();
  },
  close: (socket: Socket<Link>) => socket.data.gone("the connection closed"),
  error: (socket: Socket<Link>, error: Error) => socket.data.gone(error.message),
  connectError: (socket: Socket<Link>, error: Error) => socket.data.gone(error.message),
};
