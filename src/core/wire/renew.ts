import { Type, type Static } from "typebox";
import { Pem } from "./common.ts";

/** POST /sensors/renew, by the present certificate: a new one over a new key. Since version 3. */
export const RenewRequest = Type.Object(
  {
    protocol_version: Type.Integer({ minimum: 1 }),
    /** PKCS#10, P-256, subject exactly that of the present certificate, over a key never used before. */
    csr_pem: Pem,
  },
  { additionalProperties: false },
);
export type RenewRequest = Static<typeof RenewRequest>;

export const RenewResponse = Type.Object({
  protocol_version: Type.Integer({ minimum: 1 }),
  control_plane_certificate_pem: Pem,
  /** One or more anchors, concatenated. */
  control_plane_ca_certificate_pem: Pem,
  certificate_expires_at: Type.String({ maxLength: 40 }),
  /** Until when the previous certificate is taken too. */
  previous_valid_until: Type.String({ maxLength: 40 }),
});
export type RenewResponse = Static<typeof RenewResponse>;

/** GET /sensors/trust: what the sensor trusts the Console by, as it is now. Since version 3. */
export const TrustBundle = Type.Object({
  protocol_version: Type.Integer({ minimum: 1 }),
  control_plane_ca_certificate_pem: Pem,
  policy_signing_public_key_pem: Pem,
});
export type TrustBundle = Static<typeof TrustBundle>;
