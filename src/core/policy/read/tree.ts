import type { Position } from "../model-base.ts";

/** A document without the YAML library: what the schema reader walks. */
export type Tree = TreeMap | TreeList | TreeScalar;

export interface TreeMap {
  readonly kind: "map";
  readonly at: Position;
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

export interface TreeEntry {
  readonly keyAt: Position;
  readonly value: Tree;
}

export interface TreeList {
  readonly kind: "list";
  readonly at: Position;
  readonly items: readonly Tree[];
}

export interface TreeScalar {
  readonly kind: "scalar";
  readonly at: Position;
  /** As YAML 1.2 reads it; integers are bigint. */
  readonly value: string | bigint | number | boolean | null;
  /** As written, of a scalar without quotes; else the text it stands for. */
  readonly text: string;
  readonly isPlain: boolean;
}
