import type { HealthReason, SensorSummary } from "../../../core/api/sensors.ts";

/** Reasons that say something about who a sensor is, the gravest first. */
const WORDS: Readonly<Record<string, string>> = {
  clone_suspected: "Two nodes, one identity",
  identity_revoked: "Revoked",
  certificate_expired: "Certificate ended",
  trust_degraded: "Trouble with trust",
  certificate_renewal_due: "Renewal due",
  certificate_renewal_recommended: "Renewal recommended",
  clock_skew: "Clock is off",
};
const CODES = Object.keys(WORDS);

/** Why a sensor's identity is in doubt. */
export interface Doubt {
  readonly sensor: SensorSummary;
  readonly words: string;
  readonly reason: HealthReason;
}

/** The gravest doubt about a sensor's identity, if there is one. A clock counts once certificates begin to suffer. Pure. */
export function doubtsOf(sensor: SensorSummary): readonly Doubt[] {
  const [first] = sensor.health_reasons
    .filter(({ code, state }) => CODES.includes(code) && (code !== "clock_skew" || state !== "watch"))
    .toSorted((a, b) => CODES.indexOf(a.code) - CODES.indexOf(b.code));
  return first ? [{ sensor, words: WORDS[first.code] ?? first.code, reason: first }] : [];
}

/** Doubts of one kind, as one: they need the same. Gravest first. Pure. */
export function groupDoubts(doubts: readonly Doubt[]): readonly (readonly Doubt[])[] {
  return [...Map.groupBy(doubts, ({ reason }) => reason.code)]
    .toSorted(([a], [b]) => CODES.indexOf(a) - CODES.indexOf(b))
    .map(([, same]) => same);
}
