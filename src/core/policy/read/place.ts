import type { Position } from "../model-base.ts";

/** A place in the text, and the JSON pointer of what stands there. */
export interface Place extends Position {
  readonly path: string;
}

/** Pointer of a member. */
export function childPath(path: string, key: string | number): string {
  return `${path}/${String(key).slice(0, 128).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
