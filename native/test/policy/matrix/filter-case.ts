import type { JsonObject } from "../case.ts";

export interface FilterCase {
  readonly name: string;
  /** The filter's field. */
  readonly filter: string;
  readonly selector: JsonObject;
  /** Modifiers before the act, and the binary it is run by where that is not act itself. */
  readonly hits: readonly (readonly string[])[];
  readonly misses: readonly (readonly string[])[];
  readonly needs?: readonly string[];
  /** Only for one kind of hook: what it looks at is the same for all. */
  readonly once?: boolean;
  readonly short?: boolean;
}

/** Goes on as that program. */
export const as = (path: string): string => `exec=${path}`;
