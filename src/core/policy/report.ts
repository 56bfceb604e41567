import type { Policy } from "./model.ts";

/** Where a policy is refused: S0 YAML, S1 schema, S2 meaning, S3 facts of a host, S4 features of its kernel. */
export type Stage = "S0" | "S1" | "S2" | "S3" | "S4";

export interface Problem {
  readonly stage: Stage;
  /** Kebab-case, stable: `args.too-many`. */
  readonly rule: string;
  /** A warning leaves the document valid. */
  readonly severity: "error" | "warning";
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** JSON pointer into the document; "" is the document. */
  readonly path: string;
  /** A sentence. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

export interface DocumentReport {
  /** Place in the file, from 0. */
  readonly index: number;
  readonly line: number;
  readonly name?: string;
  readonly kind?: string;
  /** "skipped": not a policy, but something else that stands beside policies in the file. */
  readonly verdict: "valid" | "invalid" | "skipped";
  /** In the order of the text. */
  readonly problems: readonly Problem[];
  /** Only of a valid document. */
  readonly policy?: Policy;
}

export interface PolicyReport {
  /** "invalid" when any document is. */
  readonly verdict: "valid" | "invalid";
  /** Never empty: a text that is refused as a whole has one invalid document. */
  readonly documents: readonly DocumentReport[];
}
