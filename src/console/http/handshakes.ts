/** What the gate needs of a connection. */
export interface Waiting {
  readonly closed: boolean;
  /** Lets its bytes come. */
  begin(nowMs: number): void;
}

/**
 * Lets few TLS handshakes run at once: each is a millisecond of arithmetic, and a fleet that comes back together would keep the
 * streams that are open already from their turn for seconds. The others' bytes stay with the kernel meanwhile, in order of arrival.
 * A place is lent for a moment only, so that who takes one and stays silent holds nobody up.
 */
export class HandshakeGate<Connection extends Waiting> {
  readonly #places: number;
  readonly #lentMs: number;
  /** In order of their beginning. */
  readonly #running = new Map<Connection, number>();
  readonly #waiting = new Set<Connection>();

  constructor(places: number, lentMs: number) {
    this.#places = places;
    this.#lentMs = lentMs;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins at once, or answers false: the connection waits, and `begin` is called when it is its turn. */
  enter(connection: Connection, nowMs: number): boolean {
    this.#reclaim(nowMs);
    if (this.#running.size >= this.#places) {
      this.#waiting.add(connection);
      return false;
    }
    this.#begin(connection, nowMs);
    return true;
  }

  /** Its handshake is over, one way or the other. */
  leave(connection: Connection, nowMs: number): void {
    this.#waiting.delete(connection);
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
    for (const next of this.#waiting) {
      if (this.#running.size >= this.#places) return;
      this.#waiting.delete(next);
      if (!next.closed) this.#begin(next, nowMs);
    }
  }

  #begin(connection: Connection, nowMs: number): void {
    this.#running.set(connection, nowMs);
    connection.begin(nowMs);
  }
}
