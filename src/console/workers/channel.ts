import type { Socket } from "bun";
import { AppError, errorMessage } from "../../core/error.ts";

/** The longest line either side may send. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** What may wait for a process that does not read: beyond it messages are dropped. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const ASK_TIMEOUT_MS = 5_000;
const MAX_ASKS = 10_000;

type Line =
  | { readonly kind: "note"; readonly name: string; readonly body: unknown }
  | { readonly kind: "ask"; readonly id: number; readonly name: string; readonly body: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly body?: unknown; readonly error?: string };

export interface ChannelHandlers {
  note(name: string, body: unknown, channel: Channel): void;
  /** Answers what the other side asks; a rejection travels back as a sentence. */
  ask(name: string, body: unknown, channel: Channel): Promise<unknown>;
  dropped(): void;
  closed(channel: Channel): void;
}

/** Parent and worker over one Unix socket: lines of JSON, notes without an answer and questions with one. Bounded both ways. */
export class Channel {
  readonly #handlers: ChannelHandlers;
  readonly #asks = new Map<number, (line: Extract<Line, { kind: "answer" }>) => void>();
  #socket: Socket<Channel> | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #nextAsk = 1;

  constructor(handlers: ChannelHandlers) {
    this.#handlers = handlers;
  }

  /** How Bun's sockets hand their events to the channel in their `data`. */
  static readonly socketHandler = {
    open: (socket: Socket<Channel>) => socket.data.opened(socket),
    data: (socket: Socket<Channel>, chunk: Buffer) => socket.data.#read(chunk),
    drain: (socket: Socket<Channel>) => socket.data.#flush(),
    close: (socket: Socket<Channel>) => socket.data.#closed(),
    error: (socket: Socket<Channel>) => void socket.end(),
  };

  opened(socket: Socket<Channel>): void {
    this.#socket = socket;
  }

  /** Sends without an answer; dropped and counted when too much waits. */
  note(name: string, body: unknown): void {
    this.#send({ kind: "note", name, body });
  }

  /** Resolves with the other side's answer; AppError `unavailable` when there is none. */
  ask<T>(name: string, body: unknown = null): Promise<T> {
    if (!this.#socket || this.#asks.size >= MAX_ASKS)
      return Promise.reject(new AppError("unavailable", "The other process of the Console does not answer."));
    const id = this.#nextAsk++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => this.#answered({ kind: "answer", id, error: "no answer in time" }), ASK_TIMEOUT_MS);
    this.#asks.set(id, (line) => {
      clearTimeout(timer);
      if (line.error === undefined) resolve(line.body as T);
      else reject(new AppError("unavailable", `Another process of the Console: ${line.error}`));
    });
    this.#send({ kind: "ask", id, name, body });
    return promise;
  }

  close(): void {
    this.#socket?.end();
  }

  #send(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (!this.#socket || bytes.length > MAX_LINE_BYTES || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)
      return this.#handlers.dropped();
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waiting.length === 1) this.#flush();
  }

  #flush(): void {
    while (this.#socket && this.#waiting.length > 0) {
      const next = this.#waiting[0]!;
      const written = Math.max(0, this.#socket.write(next));
      this.#waitingBytes -= written;
      if (written < next.length) {
        this.#waiting[0] = next.subarray(written);
        return;
      }
      this.#waiting.shift();
    }
  }

  #read(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, end);
      from = end + 1;
      const text = this.#partialBytes > 0 ? Buffer.concat([...this.#partial, last]).toString() : last.toString();
      this.#partial = [];
      this.#partialBytes = 0;
      this.#line(text);
    }
    if (from === chunk.length) return;
    // The chunk's memory is the socket's: what stays is copied.
    this.#partial.push(Buffer.from(chunk.subarray(from)));
    this.#partialBytes += chunk.length - from;
    if (this.#partialBytes > MAX_LINE_BYTES) this.#socket?.end();
  }

  #line(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // No process of ours speaks so.
      return void this.#socket?.end();
    }
    switch (line.kind) {
      case "note":
        return this.#handlers.note(line.name, line.body, this);
      case "ask":
        this.#handlers.ask(line.name, line.body, this).then(
          (body) => this.#send({ kind: "answer", id: line.id, body }),
          (error: unknown) => this.#send({ kind: "answer", id: line.id, error: errorMessage(error) }),
        );
        return;
      case "answer":
        return this.#answered(line);
    }
  }

  #answered(line: Extract<Line, { kind: "answer" }>): void {
    const take = this.#asks.get(line.id);
    this.#asks.delete(line.id);
    take?.(line);
  }

  #closed(): void {
    this.#socket = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const id of this.#asks.keys()) this.#answered({ kind: "answer", id, error: "it has ended" });
    this.#handlers.closed(this);
  }
}
