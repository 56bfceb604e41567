/** What the gate needs of a connection. */
export interface Waiting {
  readonly closed: boolean;
  readonly address: string;
  /** Lets its bytes come. */
  begin(nowMs: number): void;
}

/**
 * Begun in one turn of the event loop, whatever is under way. The runtime reads five times a turn from connections that are not through their
 * handshake, the newest first, and each has to be read twice: if more began than get through, those that came first would wait until nobody
 * comes any more.
 */
const BEGUN_A_TURN = 2;
/** Until it is known how long one takes. */
const FIRST_PACE_MS = 2;
/** A gap that is longer is no sign of how long the next ones take. */
const LONGEST_GAP_MS = 1_000;
/** Weight of the newest in what is known. */
const NEWEST = 1 / 64;

/**
 * Lets few TLS handshakes run at once: each is a millisecond of arithmetic, and a fleet that comes back together would keep the
 * streams that are open already from their turn for seconds. The others' bytes stay with the kernel meanwhile. Addresses take turns,
 * each in order of arrival, so that one that opens thousands is its own hindrance only. A place is lent for a moment, so that who
 * takes one and stays silent holds nobody up.
 */
export class HandshakeGate<Connection extends Waiting> {
  readonly #places: number;
  readonly #lentMs: number;
  /** In order of their beginning. */
  readonly #running = new Map<Connection, number>();
  /** By address; whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<Connection>>();
  #waitingCount = 0;
  /** Milliseconds from one turn to the next, of late. */
  #paceMs = FIRST_PACE_MS;
  /** When the last turn was, while somebody waits. */
  #turnMs = 0;
  readonly #nextTurn: (run: (nowMs: number) => void) => void;
  /** Begun in this turn of the event loop; undefined when none was yet. */
  #begunNow: number | undefined;

  /** `nextTurn` calls back in the next turn of the event loop, with the time it is then. */
  constructor(
    places: number,
    lentMs: number,
    nextTurn: (run: (nowMs: number) => void) => void = (run) => void setImmediate(() => run(performance.now())),
  ) {
    this.#places = places;
    this.#lentMs = lentMs;
    this.#nextTurn = nextTurn;
  }

  get waiting(): number {
    return this.#waitingCount;
  }

  /** How long the next connection of an address would wait for its turn, as it looks now. */
  expectedWaitMs(address: string): number {
    const before = this.#waiting.get(address)?.size ?? 0;
    const lines = this.#waiting.size + (before === 0 ? 1 : 0);
    return this.#mayBegin && this.#waitingCount === 0 ? 0 : (before + 1) * lines * this.#paceMs;
  }

  /** Begins at once, or answers false: the connection waits, and `begin` is called when it is its turn. */
  enter(connection: Connection, nowMs: number): boolean {
    this.#reclaim(nowMs);
    if (!this.#mayBegin || this.#waitingCount > 0) {
      const line = this.#waiting.get(connection.address) ?? new Set();
      this.#waiting.set(connection.address, line.add(connection));
      if (this.#waitingCount++ === 0) this.#turnMs = nowMs;
      this.#fill(nowMs);
      return !this.#waiting.get(connection.address)?.has(connection);
    }
    this.#begin(connection, nowMs);
    return true;
  }

  /** Its handshake is over, one way or the other. */
  leave(connection: Connection, nowMs: number): void {
    const line = this.#waiting.get(connection.address);
    if (line?.delete(connection)) this.#left(connection.address, line);
    this.#running.delete(connection);
    this.#fill(nowMs);
  }

  /** Takes back what was lent long enough; call it now and then. */
  sweep(nowMs: number): void {
    this.#reclaim(nowMs);
    this.#fill(nowMs);
  }

  #reclaim(nowMs: number): void {
    for (const [connection, sinceMs] of this.#running) {
      if (nowMs - sinceMs < this.#lentMs) return;
      this.#running.delete(connection);
    }
  }

  get #mayBegin(): boolean {
    return this.#running.size < this.#places && (this.#begunNow ?? 0) < BEGUN_A_TURN;
  }

  #fill(nowMs: number): void {
    while (this.#mayBegin) {
      const [address, line] = this.#waiting.entries().next().value ?? [];
      if (address === undefined || !line) return;
      const next: Connection = line.values().next().value!;
      line.delete(next);
      // The others' turn comes before this address has another.
      this.#waiting.delete(address);
      this.#waiting.set(address, line);
      this.#left(address, line);
      const gapMs = Math.min(LONGEST_GAP_MS, nowMs - this.#turnMs);
      this.#paceMs += (gapMs - this.#paceMs) * NEWEST;
      this.#turnMs = nowMs;
      if (!next.closed) this.#begin(next, nowMs);
    }
  }

  #left(address: string, line: ReadonlySet<Connection>): void {
    this.#waitingCount--;
    if (line.size === 0) this.#waiting.delete(address);
  }

  #begin(connection: Connection, nowMs: number): void {
    this.#running.set(connection, nowMs);
    if (this.#begunNow === undefined)
      this.#nextTurn((thenMs) => {
        this.#begunNow = undefined;
        this.#fill(thenMs);
      });
    this.#begunNow = (this.#begunNow ?? 0) + 1;
    connection.begin(nowMs);
  }
}
