/** What the gate needs of a connection. */
export interface Waiting {
  readonly closed: boolean;
  readonly address: string;
  /** Lets its bytes come. */
  begin(nowMs: number): void;
}

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

  constructor(places: number, lentMs: number) {
    this.#places = places;
    this.#lentMs = lentMs;
  }

  get waiting(): number {
    return this.#waitingCount;
  }

  /** How long the next connection of an address would wait for its turn, as it looks now. */
  expectedWaitMs(address: string): number {
    const before = this.#waiting.get(address)?.size ?? 0;
    const lines = this.#waiting.size + (before === 0 ? 1 : 0);
    return this.#running.size < this.#places ? 0 : (before + 1) * lines * this.#paceMs;
  }

  /** Begins at once, or answers false: the connection waits, and `begin` is called when it is its turn. */
  enter(connection: Connection, nowMs: number): boolean {
    this.#reclaim(nowMs);
    if (this.#running.size >= this.#places) {
      const line = this.#waiting.get(connection.address) ?? new Set();
      this.#waiting.set(connection.address, line.add(connection));
      if (this.#waitingCount++ === 0) this.#turnMs = nowMs;
      return false;
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

  #fill(nowMs: number): void {
    while (this.#running.size < this.#places) {
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
    connection.begin(nowMs);
  }
}
