import type { TrustHealth } from "../../core/api/sensors.ts";

const HOUR_MS = 3_600_000;
const RECENT_ERROR_MS = 15 * 60_000;
const REMEMBERED_ERROR_MS = 24 * HOUR_MS;

export interface TrustFacts {
  readonly revoked: boolean;
  /** End of the active certificate; undefined when the Console has none on record. */
  readonly notAfterMs: number | undefined;
  /** When the sensor last had trouble with its trust, as it says, by the Console's clock. */
  readonly lastErrorMs: number | undefined;
}

/** A time by a sensor's clock as the Console's clock had it; `skewMs` is how far the sensor's is ahead. */
export function bySkew(sensorMs: number | undefined, skewMs: number): number | undefined {
  return sensorMs === undefined ? undefined : sensorMs - skewMs;
}

/**
 * State of a sensor's certificate, worst first: `revoked`; `degraded` when there is none that counts, or trust was refused within a
 * day; `renewal_due` in the last 24 hours, or right after a refusal; `renewal_recommended` in the last 72; else `healthy`.
 */
export function trustHealth({ revoked, notAfterMs, lastErrorMs }: TrustFacts, nowMs: number): TrustHealth {
  if (revoked) return "revoked";
  if (notAfterMs === undefined || notAfterMs <= nowMs) return "degraded";
  const sinceErrorMs = lastErrorMs === undefined ? Infinity : nowMs - lastErrorMs;
  if (notAfterMs - nowMs <= 24 * HOUR_MS || sinceErrorMs <= RECENT_ERROR_MS) return "renewal_due";
  if (sinceErrorMs <= REMEMBERED_ERROR_MS) return "degraded";
  return notAfterMs - nowMs <= 72 * HOUR_MS ? "renewal_recommended" : "healthy";
}
