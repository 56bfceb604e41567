import type { RuntimeEvent } from "../../core/event/event.ts";

/**
 * Before the product was: no event was observed then. A node's clock says such a time as long as nobody has set it, after a start with
 * an empty battery, say.
 */
export const UNSET_BEFORE_US = Date.UTC(2024, 0, 1) * 1000;

/** Tag of an event that bears the Console's time of receipt. */
const TAG = "clock-unset";
/** Its detail that says what the node's clock said. */
const DETAIL = "node_clock";
/** As the schema of events bounds them. */
const MAX_TAGS = 16;
const MAX_DETAILS = 64;

/** Whether a node whose clock was set cannot have said this time. */
export function isUnset(us: number): boolean {
  return us < UNSET_BEFORE_US;
}

/** The event with the Console's time (microseconds since 1970) for its own, marked, and the node's time beside it. */
export function withReceiptTime(event: RuntimeEvent, nowUs: number): RuntimeEvent {
  const { tags = [], detail = {}, observed_at_us: saidUs } = event;
  const full = Object.keys(detail).length >= MAX_DETAILS;
  return {
    ...event,
    observed_at_us: nowUs,
    tags: [...tags.slice(0, MAX_TAGS - 1), TAG],
    detail: full ? detail : { ...detail, [DETAIL]: new Date(Math.floor(saidUs / 1000)).toISOString() },
  };
}
