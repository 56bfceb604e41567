import type { TrustHealth } from "../../core/api/sensors.ts";

const HOUR_MS = 3_600_000;
const RECENT_ERROR_MS = 15 * 60_000;
const REMEMBERED_ERROR_MS = 24 * HOUR_MS;

export interface TrustFacts {
  readonly revoked: boolean;
  /** End of the active certificate; undefined when the Console has none on record. */
  readonly notAfterMs: number | undefined;
  /** When the sensor last had trouble with its trust, as it says. */
  readonly lastErrorMs: number | undefined;
}

/** State of a sensor's certificate, worst first. */
export function trustHealth({ revoked, notAfterMs, lastErrorMs }: TrustFacts, nowMs: number): TrustHealth {
  if (revoked) return "revoked";
  if (notAfterMs === undefined) return "degraded";
  const sinceErrorMs = lastErrorMs === undefined ? Infinity : nowMs - lastErrorMs;
  if (notAfterMs - nowMs <= 24 * HOUR_MS || sinceErrorMs <= RECENT_ERROR_MS) return "renewal_due";
  if (sinceErrorMs <= REMEMBERED_ERROR_MS) return "degraded";
  return notAfterMs - nowMs <= 72 * HOUR_MS ? "renewal_recommended" : "healthy";
}
