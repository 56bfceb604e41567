import { Type, type Static } from "typebox";

const NodeName = Type.String({ maxLength: 253, pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$" });
const Role = Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" });
const Flavor = Type.Union([Type.Literal("standard"), Type.Literal("telecom")]);

/** Name of a cluster: it travels as the tag `cluster:<name>`. */
const ClusterName = Type.String({ pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$" });

export const CLUSTER_TOKEN_DAYS = { usual: 365, most: 730 } as const;

/** POST /api/v1/enrollment/tokens (operator): a token for one use. */
export const CreateTokenRequest = Type.Object(
  {
    node_name: Type.Optional(NodeName),
    declared_role: Type.Optional(Role),
    flavor: Type.Optional(Flavor),
    /** A sensor that is to prove itself anew: it keeps its id and history. For a revoked one an administrator is needed. */
    sensor_id: Type.Optional(
      Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" }),
    ),
  },
  { additionalProperties: false },
);
export type CreateTokenRequest = Static<typeof CreateTokenRequest>;

/** POST /api/v1/enrollment/cluster-tokens (operator): a token that every node of one cluster uses. */
export const CreateClusterTokenRequest = Type.Object(
  {
    cluster: ClusterName,
    expires_days: Type.Optional(Type.Integer({ minimum: 1, maximum: CLUSTER_TOKEN_DAYS.most })),
    /** Nodes it may bring in; a node that comes again is counted once. */
    max_nodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    declared_role: Type.Optional(Role),
    flavor: Type.Optional(Flavor),
  },
  { additionalProperties: false },
);
export type CreateClusterTokenRequest = Static<typeof CreateClusterTokenRequest>;

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

export type TokenStatus = "pending" | "used" | "expired" | "revoked" | "exhausted";

/** `once` brings in one node, `reenroll` brings a known one back, `cluster` brings in the nodes of a cluster. */
export type TokenKind = "once" | "reenroll" | "cluster";

/** Row of GET /api/v1/enrollment/tokens. DELETE /api/v1/enrollment/tokens/:id revokes a pending one. */
export interface TokenSummary {
  readonly token_id: string;
  readonly kind: TokenKind;
  readonly status: TokenStatus;
  readonly node_name: string | null;
  readonly declared_role: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
  /** The sensor it made, or is for. */
  readonly sensor_id: string | null;
  readonly cluster: string | null;
  /** Null: as many as come. */
  readonly max_nodes: number | null;
  /** Nodes a cluster's token has brought in. */
  readonly nodes: number;
}
