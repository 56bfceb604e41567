import type { Policy } from "../model.ts";
import { lowerPlan } from "./lower.ts";
import { writePlan } from "./write.ts";

/**
 * A checked policy as the engine reads it (docs/plan-format.md); the same policy gives the same bytes. AppError
 * `invalid_request` when a placeholder is open or the plan can't say something, `too_large` beyond the format's limits.
 */
export function encodePlan(policy: Policy): Uint8Array<ArrayBuffer> {
  return writePlan(lowerPlan(policy));
}
