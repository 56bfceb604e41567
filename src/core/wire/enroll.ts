import { Type, type Static } from "typebox";
import { NodeName, Pem, Uuid } from "./common.ts";

/** `tse_` and 32 random bytes, URL-safe base64. */
export const EnrollmentTokenText = Type.String({ pattern: "^tse_[A-Za-z0-9_-]{43}$" });

/** Words a node can be declared as; the list grows with the telecom vertical. */
export const DeclaredRole = Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" });

export const Flavor = Type.Union([Type.Literal("standard"), Type.Literal("telecom")]);
export type Flavor = Static<typeof Flavor>;

/** POST /api/v1/sensors/enroll */
export const EnrollRequest = Type.Object(
  {
    protocol_version: Type.Integer({ minimum: 1 }),
    token: EnrollmentTokenText,
    /** PKCS#10, P-256, subject exactly `CN=<node_name>, O=Telovix Sensor`. */
    csr_pem: Pem,
    node_name: NodeName,
    declared_role: DeclaredRole,
    flavor: Flavor,
    sensor_version: Type.String({ maxLength: 64 }),
    /** /etc/machine-id hashed with the product's name: recognises clones, names nobody. */
    machine_hash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
    tags: Type.Optional(
      Type.Array(Type.String({ maxLength: 128, pattern: "^[^:\\s]{1,63}:[^\\s]{1,64}$" }), { maxItems: 32 }),
    ),
  },
  { additionalProperties: false },
);
export type EnrollRequest = Static<typeof EnrollRequest>;

export const EnrollResponse = Type.Object({
  protocol_version: Type.Integer({ minimum: 1 }),
  sensor_id: Uuid,
  control_plane_certificate_pem: Pem,
  /** One or more anchors, concatenated. */
  control_plane_ca_certificate_pem: Pem,
  /** Ed25519, SPKI, PEM. */
  policy_signing_public_key_pem: Pem,
  certificate_expires_at: Type.String({ maxLength: 40 }),
  heartbeat_interval_ms: Type.Integer({ minimum: 100 }),
  stream_tick_ms: Type.Integer({ minimum: 50 }),
});
export type EnrollResponse = Static<typeof EnrollResponse>;

/** GET /api/v1/trust/bootstrap: what an enrolling node needs before it can trust. Public. */
export const TrustBootstrap = Type.Object({
  protocol_version: Type.Integer({ minimum: 1 }),
  control_plane_ca_certificate_pem: Pem,
});
export type TrustBootstrap = Static<typeof TrustBootstrap>;
