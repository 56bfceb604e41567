/** One table or day that is in the target now. */
export interface Progress {
  readonly store: "postgresql" | "clickhouse";
  readonly table: string;
  readonly partition?: string;
  readonly day?: string;
  readonly rows: number;
  /** False when it was there already. */
  readonly copied: boolean;
}

/** What a comparison of both ends found. */
export interface Check {
  readonly store: "postgresql" | "clickhouse";
  readonly table: string;
  readonly partition?: string;
  readonly ok: boolean;
  readonly source_rows: number;
  readonly target_rows: number;
}

/** Where a copy tells how far it is. */
export interface Report {
  readonly progress: (step: Progress) => void | Promise<void>;
}
