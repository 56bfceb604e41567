/** Most that is kept; what is more at once has memory of its own. */
const MAX_BYTES = 1 << 20;

/**
 * Memory for events from where they are made until they are durable. It is used over and over: a sensor that takes new memory for each look
 * at the engine's output leaves a megabyte a second behind, to be found, cleared and given back by threads of the runtime.
 */
export class EventRoom {
  #bytes = new Uint8Array();
  #used = 0;

  /** A copy that stands until `clear`. */
  keep(bytes: Uint8Array): Uint8Array {
    const end = this.#used + bytes.length;
    if (end > MAX_BYTES) return bytes.slice();
    // What was given out of the smaller one stays there.
    if (end > this.#bytes.length) this.#bytes = new Uint8Array(Math.min(2 * end, MAX_BYTES));
    this.#bytes.set(bytes, this.#used);
    const kept = this.#bytes.subarray(this.#used, end);
    this.#used = end;
    return kept;
  }

  /** Nothing that was kept is needed any more. */
  clear(): void {
    this.#used = 0;
  }
}
