/** Deletes the oldest sixteenth of a map. One at a time would walk over the holes that earlier deletions left, every time. */
export function dropOldest<V>(map: Map<string, V>): number {
  let left = Math.max(1, map.size >> 4);
  const dropped = left;
  for (const key of map.keys()) {
    if (left-- === 0) break;
    map.delete(key);
  }
  return dropped;
}

/** A map with a bound: the entries set longest ago go first. */
export class BoundedMap<V> {
  readonly #map = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > this.#max) dropOldest(this.#map);
  }

  delete(key: string): boolean {
    return this.#map.delete(key);
  }
}
