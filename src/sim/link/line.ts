/** Lets so many things run at once, the others in order of arrival. */
export class Line {
  readonly #places: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** Calls back when it is its turn, maybe at once; gives what has to be called when it is done, or does not want a turn any more. */
  enter(begin: () => void): () => void {
    let place: "waits" | "runs" | "left" = "waits";
    const turn = (): void => {
      place = "runs";
      this.#running++;
      begin();
    };
    if (this.#running < this.#places) turn();
    else this.#waiting.add(turn);
    return () => {
      if (place === "waits") this.#waiting.delete(turn);
      if (place === "runs") this.#left();
      place = "left";
    };
  }

  #left(): void {
    this.#running--;
    const next = this.#waiting.values().next().value;
    if (!next) return;
    this.#waiting.delete(next);
    next();
  }
}
