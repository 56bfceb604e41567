import type { Place } from "./place.ts";

/** Turns offsets of a text into lines and columns. The YAML library's own counter loses lines behind some errors. */
export class Lines {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
    this.#length = text.length;
  }

  /** Place of an offset in UTF-16 units; one beyond the text is its end. */
  at(offset: number): Place {
    const within = Math.min(Math.max(offset, 0), this.#length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= within) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: within - this.#starts[low]! + 1, path: "" };
  }
}
