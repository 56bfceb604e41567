import { Type, type Static } from "typebox";

/** POST /api/v1/enrollment/tokens (operator). */
export const CreateTokenRequest = Type.Object(
  {
    node_name: Type.Optional(
      Type.String({ maxLength: 253, pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$" }),
    ),
    declared_role: Type.Optional(Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" })),
    flavor: Type.Optional(Type.Union([Type.Literal("standard"), Type.Literal("telecom")])),
  },
  { additionalProperties: false },
);
export type CreateTokenRequest = Static<typeof CreateTokenRequest>;

/** The token's text is shown once, here; the Console keeps its SHA-256 only. */
export interface CreatedToken {
  readonly token_id: string;
  readonly token: string;
  readonly expires_at: string;
  /** The whole line to paste on the node, as root. */
  readonly install_command: string;
  /** For a node where curl may not be used: the file is copied by hand. */
  readonly manual_command: string;
  readonly console_url: string;
  /** `sha256//…` of the Console's public key, as curl's --pinnedpubkey takes it. */
  readonly pinned_public_key: string;
}

export type TokenStatus = "pending" | "used" | "expired" | "revoked";

/** Row of GET /api/v1/enrollment/tokens. DELETE /api/v1/enrollment/tokens/:id revokes a pending one. */
export interface TokenSummary {
  readonly token_id: string;
  readonly status: TokenStatus;
  readonly node_name: string | null;
  readonly declared_role: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly sensor_id: string | null;
}
