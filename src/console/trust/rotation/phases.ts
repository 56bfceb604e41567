import type { RotationAction, RotationPhase } from "../../../core/api/trust.ts";

/** An authority as the database knows it. */
export interface AuthorityRecord {
  readonly id: string;
  readonly certificatePem: string;
  readonly standing: "issuing" | "trusted" | "retired";
  readonly retiredAt: Date | null;
}

/** Who issues, who is accepted, and where the change from one to the next stands. */
export interface Standing {
  readonly phase: RotationPhase;
  readonly since: Date;
  readonly version: number;
  readonly oldId: string | null;
  readonly newId: string | null;
  /** Oldest first, so that every process makes the same bundle of them. */
  readonly authorities: readonly AuthorityRecord[];
}

/** Id of the authority that signs sensors' certificates now. */
export function issuingId(standing: Standing): string {
  return standing.authorities.find((a) => a.standing === "issuing")!.id;
}

/**
 * Id of the authority that signs the Console's own certificate: the old one until it is retired, so that a sensor that has not learned
 * of the new one still recognises the Console.
 */
export function servingId(standing: Standing): string {
  return standing.oldId ?? issuingId(standing);
}

export interface Step {
  readonly phase: RotationPhase;
  /** Ids by what they become. */
  readonly issuing: string;
  readonly trusted: readonly string[];
  readonly retired: readonly string[];
  /** Whom it cuts off: sensors that only know, or are only known by, this authority. Undefined: nobody. */
  readonly drops: string | undefined;
}

/** What an action leads to; undefined when it makes no sense in this phase. `rotate` needs a new authority and has no step here. */
export function stepOf(standing: Standing, action: Exclude<RotationAction, "rotate">): Step | undefined {
  const { phase, oldId, newId } = standing;
  if (phase === "stable" || oldId === null || newId === null) return undefined;
  if (phase === "dual_trust")
    return action === "advance"
      ? { phase: "dual_issue", issuing: newId, trusted: [oldId], retired: [], drops: undefined }
      : { phase: "stable", issuing: oldId, trusted: [], retired: [newId], drops: newId };
  return action === "advance"
    ? { phase: "stable", issuing: newId, trusted: [], retired: [oldId], drops: oldId }
    : // One step back: what the new one has signed stays good until the old one has signed it anew.
      { phase: "dual_trust", issuing: oldId, trusted: [newId], retired: [], drops: undefined };
}

/** Actions that make sense in a phase. */
export function actionsIn(phase: RotationPhase): readonly RotationAction[] {
  return phase === "stable" ? ["rotate"] : ["advance", "abort"];
}
