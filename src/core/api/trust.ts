import { Type, type Static } from "typebox";

/**
 * Where the change of the Console's certificate authority stands.
 * `stable`: one authority. `dual_trust`: sensors learn the next one, the old one still issues. `dual_issue`: the next one issues, both
 * are accepted, sensors renew. Advancing from there retires the old one.
 */
export const ROTATION_PHASES = ["stable", "dual_trust", "dual_issue"] as const;
export type RotationPhase = (typeof ROTATION_PHASES)[number];

export const ROTATION_ACTIONS = ["rotate", "advance", "abort"] as const;
export type RotationAction = (typeof ROTATION_ACTIONS)[number];

/** An authority that is accepted now. */
export interface AuthoritySummary {
  /** SHA-256 of its public key, hex. */
  readonly id: string;
  readonly subject: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly standing: "issuing" | "trusted";
  /** Sensors in service whose certificate it signed. */
  readonly sensors: number;
}

/** A sensor that would be cut off by the next step. */
export interface WaitingSensor {
  readonly sensor_id: string;
  readonly node_name: string;
  readonly last_seen_at: string | null;
  readonly reason: "certificate" | "bundle";
}

/** A host that runs a Console of this installation. */
export interface ConsoleHostSummary {
  readonly name: string;
  readonly seen_at: string;
  /** It has not the key of an authority that signs now or with the next step: the change waits for it. */
  readonly lacks_key: boolean;
}

/** GET /api/v1/trust/authority (admin of the installation). */
export interface AuthorityStatus {
  readonly phase: RotationPhase;
  readonly since: string;
  readonly authorities: readonly AuthoritySummary[];
  /** Sensors in service with a certificate that is good. */
  readonly sensors: number;
  /** Of them, those that have stored what sensors trust the Console by, as it is now. */
  readonly sensors_with_bundle: number;
  /** Whom the next step, or an abort, would cut off; the first hundred. */
  readonly waiting: readonly WaitingSensor[];
  readonly waiting_total: number;
  /** Seen in the last day. */
  readonly hosts: readonly ConsoleHostSummary[];
  /** What can be asked for now without force. */
  readonly actions: readonly RotationAction[];
  readonly server_certificate_ends_at: string;
  readonly pinned_public_key: string;
}

/** POST /api/v1/trust/authority/{rotate,advance,abort}; answers with the status after it. */
export const RotationRequest = Type.Object(
  {
    /** Go on although sensors are cut off by it. */
    force: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type RotationRequest = Static<typeof RotationRequest>;
