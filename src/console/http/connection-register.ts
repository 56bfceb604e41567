import type { Connection } from "./connection.ts";
import { PerAddress } from "./per-address.ts";

/** The open connections of a listener: all, by the names of their certificates, and how many each address has. */
export class ConnectionRegister {
  readonly #all = new Set<Connection>();
  readonly #byName = new Map<string, Set<Connection>>();
  /** Without a certificate of ours. */
  readonly #strangers = new PerAddress();
  /** Not through their handshake. */
  readonly #unfinished = new PerAddress();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** Those of a sensor, by its id or a certificate's serial. */
  named(name: string): Connection[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** Takes a new one; gives how many unfinished ones its address has now. */
  add(connection: Connection): number {
    this.#all.add(connection);
    return this.#unfinished.add(connection.address);
  }

  /** Its handshake is over and its names are known; gives how many its address has without a certificate of ours, 0 for one with. */
  secured(connection: Connection): number {
    this.#unfinished.remove(connection.address);
    for (const name of connection.names) {
      const set = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, set.add(connection));
    }
    return connection.known ? 0 : this.#strangers.add(connection.address);
  }

  /** False when it was not in it any more. */
  remove(connection: Connection): boolean {
    if (!this.#all.delete(connection)) return false;
    if (!connection.secure) this.#unfinished.remove(connection.address);
    else if (!connection.known) this.#strangers.remove(connection.address);
    for (const name of connection.names) {
      const set = this.#byName.get(name);
      set?.delete(connection);
      if (set?.size === 0) this.#byName.delete(name);
    }
    return true;
  }
}
