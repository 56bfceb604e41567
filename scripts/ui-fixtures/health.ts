import type { HealthReason, HealthState } from "../../src/core/api/sensors.ts";

/** Why those that are not well are not. */
export const REASONS: Readonly<Record<Exclude<HealthState, "healthy">, HealthReason[]>> = {
  watch: [
    {
      code: "certificate_renewal_recommended",
      state: "watch",
      message: "Its certificate expires in 6 days.",
      action: "It renews itself at the next heartbeat; nothing to do unless this stays for a day.",
    },
  ],
  degraded: [
    {
      code: "heartbeat_stale",
      state: "degraded",
      message: "It hasn't been heard from for 2 min 10 s.",
      action: "Check the node's network, or wait: events are kept on the node.",
    },
    {
      code: "event_loss",
      state: "watch",
      message: "1,204 events were lost in the kernel in the last hour.",
      action: "The ledger of losses says how many, where on their way and why, and what helps.",
      href: "/losses",
    },
  ],
  critical: [
    {
      code: "engine_down",
      state: "critical",
      message: "Its engine doesn't run: the kernel refused every hook.",
      action: "See the engine's hooks below; the kernel needs BTF (CONFIG_DEBUG_INFO_BTF).",
    },
  ],
  offline: [
    {
      code: "heartbeat_missing",
      state: "offline",
      message: "It hasn't been heard from for 3 h. Its last heartbeat was healthy.",
      action: "Check that the host is up and reaches the Console on its port.",
    },
  ],
};

/** One of them runs twice. */
export const CLONE = 21;
export const CLONE_DETAIL = "The other one is web-25-copy (10.20.9.4), of another machine.";
export const CLONED: HealthReason[] = [
  {
    code: "clone_suspected",
    state: "degraded",
    message: `Two nodes use this identity. ${CLONE_DETAIL}`,
    action: "Find the copy (a cloned disk or image), remove its state directory and enrol it with a token of its own.",
  },
];

/** State of the n-th of the fleet. */
export function health(i: number): HealthState {
  if (i === 3) return "critical";
  if (i === 8 || i === 21) return "degraded";
  if (i === 12) return "offline";
  return i % 9 === 5 ? "watch" : "healthy";
}
