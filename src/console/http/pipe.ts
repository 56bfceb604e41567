import type { Socket } from "bun";

/**
 * One direction of a connection. What the target does not take at once waits here and the source is paused, so at most one
 * socket read is ever held: memory per connection is bounded by the kernel's read size, not by the peer's patience.
 */
export class Pipe<Data> {
  #target: Socket<Data> | undefined;
  #source: Socket<Data> | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ending = false;
  readonly #finish: (target: Socket<Data>) => void;

  /** `finish` is called once, when everything was written after `end`. */
  constructor(finish: (target: Socket<Data>) => void) {
    this.#finish = finish;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  from(source: Socket<Data>): void {
    this.#source = source;
  }

  /** Sets where bytes go; those that came before are written now. */
  to(target: Socket<Data>): void {
    this.#target = target;
    this.flush();
  }

  send(data: Buffer): void {
    let written = 0;
    if (this.#target && this.#waitingBytes === 0) {
      written = Math.max(this.#target.write(data), 0);
      if (written >= data.length) return;
    }
    // A copy: the runtime may reuse the buffer it read into.
    this.#waiting.push(Buffer.from(data.subarray(written)));
    this.#waitingBytes += data.length - written;
    this.#source?.pause();
  }

  /** Writes what waits; call it when the target drains. True when anything moved. */
  flush(): boolean {
    if (!this.#target) return false;
    let moved = false;
    for (let chunk = this.#waiting[0]; chunk; chunk = this.#waiting[0]) {
      const written = Math.max(this.#target.write(chunk), 0);
      moved ||= written > 0;
      this.#waitingBytes -= written;
      if (written < chunk.length) {
        this.#waiting[0] = chunk.subarray(written);
        return moved;
      }
      this.#waiting.shift();
    }
    if (this.#ending) this.#finish(this.#target);
    else if (moved) this.#source?.resume();
    return moved;
  }

  /** No more bytes will come; the target is finished once it has everything. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#target && this.#waitingBytes === 0) this.#finish(this.#target);
  }

  /** Lets go of both ends and of what waits. */
  clear(): void {
    this.#target = this.#source = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
