/** So long a turn of the event loop goes on with work that may wait. */
const SLICE_MS = 8;
/** What waits holds so many bytes at most: who brings more has the oldest done first, and reads no further meanwhile. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
/** From this part of it on less is granted, and from that one nothing, so that the bound itself is not met. */
const [FULL_GRANT, NO_GRANT] = [0.25, 0.75];
/** How soon it is looked whether what is held may go on. */
const HELD_MS = 10;

interface Work {
  readonly run: () => void;
  readonly bytes: number;
}

export interface TurnsDeps {
  /** Never goes back. */
  nowMs(): number;
  /** Calls back in the next turn of the event loop, or in one `afterMs` from now. */
  nextTurn(run: () => void, afterMs?: number): void;
  /** True while nothing should be begun: it would only be refused, and whoever sent it would have to come again with it. */
  isHeld?(): boolean;
  readonly maxWaitingBytes?: number;
}

/**
 * Work that may wait, done in order of arrival, a slice a turn. A Console that has more to do than it can otherwise reads thousands of
 * frames between two answers of PostgreSQL, and heartbeats, which need several of those, come many seconds late.
 */
export class Turns {
  readonly #deps: TurnsDeps;
  readonly #maxBytes: number;
  #waiting: Work[] = [];
  /** The next one in `#waiting`. */
  #at = 0;
  #bytes = 0;
  #planned = false;

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
    this.#maxBytes = deps.maxWaitingBytes ?? MAX_WAITING_BYTES;
  }

  /** Pieces of work that wait. */
  get size(): number {
    return this.#waiting.length - this.#at;
  }

  /** Part of the usual credit that is granted now, from 1 down to 0: the more waits, the less may follow. */
  get ease(): number {
    return Math.min(1, Math.max(0, (NO_GRANT - this.#bytes / this.#maxBytes) / (NO_GRANT - FULL_GRANT)));
  }

  /** Bytes that may still come before nothing is granted any more. */
  get roomBytes(): number {
    return Math.max(0, NO_GRANT * this.#maxBytes - this.#bytes);
  }

  /** `run` must not throw; `bytes` is what it holds until then. */
  add(run: () => void, bytes: number): void {
    this.#waiting.push({ run, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) this.#one();
    this.#plan();
  }

  #plan(): void {
    if (this.#planned || this.size === 0) return;
    this.#planned = true;
    const turn = (): void => {
      this.#planned = false;
      const endMs = this.#deps.nowMs() + SLICE_MS;
      while (this.size > 0 && !this.#isHeld && this.#deps.nowMs() < endMs) this.#one();
      this.#plan();
    };
    if (this.#isHeld) this.#deps.nextTurn(turn, HELD_MS);
    else this.#deps.nextTurn(turn);
  }

  get #isHeld(): boolean {
    return this.#deps.isHeld?.() ?? false;
  }

  #one(): void {
    const work = this.#waiting[this.#at];
    if (!work) return;
    this.#at++;
    // Now and then, so that neither this list grows for ever nor each step moves all of it.
    if (this.#at === this.#waiting.length || this.#at > 1_024) {
      this.#waiting = this.#waiting.slice(this.#at);
      this.#at = 0;
    }
    this.#bytes -= work.bytes;
    work.run();
  }
}
