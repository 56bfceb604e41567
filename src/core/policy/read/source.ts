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
  readonly #damaged = new WeakSet<object>();
  readonly #odd = new WeakMap<object, Set<string>>();

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

  /** Notes that a member of its own did not fit the schema, or is missing. */
  markDamaged(value: object): void {
    this.#damaged.add(value);
  }

  isDamaged(value: object): boolean {
    return this.#damaged.has(value);
  }

  /** Notes that it has a field nobody knows, and which one was probably meant. */
  markOdd(value: object, meant: string | undefined): void {
    const all = this.#odd.get(value) ?? new Set();
    this.#odd.set(value, meant === undefined ? all : all.add(meant));
  }

  /** Fields that were probably meant by those nobody knows; undefined when all are known. */
  oddFields(value: object): ReadonlySet<string> | undefined {
    return this.#odd.get(value);
  }
}
