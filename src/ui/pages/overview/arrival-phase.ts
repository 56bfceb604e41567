import type { SensorList, SensorSummary } from "../../../core/api/sensors.ts";
import type { TokenSummary } from "../../../core/api/tokens.ts";

/** Where a console stands that has nothing to show yet. */
export type ArrivalPhase =
  /** Nothing is known yet: too early to ask for anything. */
  | { readonly at: "looking" }
  /** No sensor, and none on its way. */
  | { readonly at: "steps"; readonly waiting: TokenSummary | undefined }
  /** The sensor of the Console's own host has its token and enrols. */
  | { readonly at: "joining" }
  /** Enrolled a moment ago, no event yet. */
  | { readonly at: "joined"; readonly sensor: SensorSummary };

/** Who makes the token of a Console's own sensor. */
const OWN_HOST = "administrator of this host";
const LOOKING_MS = 6_000;
const YOUNG_MS = 180_000;

/** Number of sensors in the fleet. */
export function fleetSize(list: SensorList): number {
  return Object.values(list.health).reduce((a, b) => a + b, 0);
}

/** True while a sensor joined so lately that its start is no cause for concern. */
export function isYoung(sensor: SensorSummary, nowMs: number): boolean {
  return nowMs - Date.parse(sensor.enrolled_at) < YOUNG_MS;
}

/**
 * What a console without events is about; undefined once there is something to show. `list` has the sensor that enrolled
 * last first. Pure.
 */
export function arrivalPhase(known: {
  readonly list: SensorList;
  /** Events in the page's time range; undefined while unknown. */
  readonly events: number | undefined;
  readonly tokens: readonly TokenSummary[] | undefined;
  /** When this console was set up, if that was in this visit; else 0. */
  readonly setUpAtMs: number;
  readonly nowMs: number;
}): ArrivalPhase | undefined {
  const { list, events, tokens, nowMs } = known;
  if (fleetSize(list) === 0) {
    const pending = tokens?.find((token) => token.status === "pending");
    const joining = tokens?.some(
      (token) =>
        token.created_by === OWN_HOST &&
        (token.status === "pending" ||
          (token.status === "used" && nowMs - Date.parse(token.used_at ?? token.created_at) < YOUNG_MS)),
    );
    if (joining) return { at: "joining" };
    if (nowMs - known.setUpAtMs < LOOKING_MS) return { at: "looking" };
    return { at: "steps", waiting: pending };
  }
  const newest = list.sensors[0];
  if (newest && (events ?? 0) === 0 && fleetSize(list) === 1 && isYoung(newest, nowMs))
    return { at: "joined", sensor: newest };
  return undefined;
}
