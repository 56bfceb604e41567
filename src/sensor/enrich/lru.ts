/** A map with a bound: the entry set longest ago goes first. */
export class BoundedMap<V> {
  readonly #map = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  /** Sets a value and returns the one that had to go, if any. */
  set(key: string, value: V): V | undefined {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size <= this.#max) return undefined;
    const oldest = this.#map.keys().next().value!;
    const gone = this.#map.get(oldest);
    this.#map.delete(oldest);
    return gone;
  }

  delete(key: string): boolean {
    return this.#map.delete(key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.#map.entries();
  }
}
