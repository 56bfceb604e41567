import type { ComponentChildren } from "preact";

/** A column of a table. */
export interface Column<T> {
  readonly id: string;
  readonly label: string;
  /** A CSS grid track: `120px`, `minmax(160px, 1fr)`. */
  readonly width: string;
  readonly align?: "right";
  /** Hidden when the table is narrower than this, in px. */
  readonly hideBelow?: number;
  /** Shown only when the reader chose it. */
  readonly optional?: boolean;
  readonly sortable?: boolean;
  readonly headAction?: { readonly label: string; readonly onClick: () => void };
  readonly cell: (row: T) => ComponentChildren;
}
