import type { HealthReason } from "../../core/api/sensors.ts";

/** Two nodes that share an identity meet all the time: after an hour without it there is one again. */
export const CLONE_REMEMBERED_MS = 3_600_000;

/** The reason for a sensor whose identity a second node uses; undefined when none was seen lately. */
export function cloneReason(suspectedMs: number | undefined, detail: string, nowMs: number): HealthReason | undefined {
  if (suspectedMs === undefined || nowMs - suspectedMs > CLONE_REMEMBERED_MS) return undefined;
  return {
    code: "clone_suspected",
    state: "degraded",
    message: `Two nodes use this identity. ${detail}`.trimEnd(),
    action: "Find the copy (a cloned disk or image), remove its state directory and enrol it with a token of its own.",
  };
}
