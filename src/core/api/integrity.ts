import { Type, type Static } from "typebox";
import type { SignedRoot } from "../integrity/root.ts";

/** GET /api/v1/integrity/roots: newest first; `before` (RFC 3339) continues behind the last one given. */
export const IntegrityRootsQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    before: Type.Optional(Type.String({ maxLength: 40 })),
  },
  { additionalProperties: false },
);
export type IntegrityRootsQuery = Static<typeof IntegrityRootsQuery>;

export interface IntegrityRoots {
  /** The key this Console signs with; `telovix verify --key` takes it. */
  readonly key: { readonly key_id: string; readonly public_key: string };
  readonly roots: readonly SignedRoot[];
  readonly next_before: string | null;
}

/** GET /api/v1/integrity/export: NDJSON (docs/integrity.md). Blocks of events are given whole, so it may begin earlier and end later. */
export const IntegrityExportQuery = Type.Object(
  {
    sensor: Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" }),
    from: Type.String({ maxLength: 40 }),
    to: Type.String({ maxLength: 40 }),
  },
  { additionalProperties: false },
);
export type IntegrityExportQuery = Static<typeof IntegrityExportQuery>;
