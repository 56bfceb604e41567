import type { Place } from "./place.ts";
import { childPath } from "./place.ts";

interface Origin {
  readonly place: Place;
  readonly members: ReadonlyMap<string, Place>;
}

/** Remembers where in the text each object and array that was read stands, and each of their members. */
export class Source {
  readonly #origins = new WeakMap<object, Origin>();
  readonly #broken = new WeakSet<object>();

  keep(value: object, place: Place, members: ReadonlyMap<string, Place>): void {
    this.#origins.set(value, { place, members });
  }

  /** Place of an object or array, or of a member; a member that isn't there has the place of what it is missing from. */
  at(value: object, member?: string | number): Place {
    const origin = this.#origins.get(value);
    if (!origin) return { line: 1, column: 1, path: "" };
    if (member === undefined) return origin.place;
    return origin.members.get(String(member)) ?? { ...origin.place, path: childPath(origin.place.path, member) };
  }

  /** True when the text has the member with a value, even one that didn't fit. */
  has(value: object, member: string): boolean {
    return this.#origins.get(value)?.members.has(member) ?? false;
  }

  /** Notes that something inside did not fit the schema, and is missing. */
  markBroken(value: object): void {
    this.#broken.add(value);
  }

  isBroken(value: object): boolean {
    return this.#broken.has(value);
  }
}
