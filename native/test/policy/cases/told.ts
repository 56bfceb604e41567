import type { JsonObject } from "../case.ts";

export const done = (name: string): JsonObject => ({ action: `KPROBE_ACTION_${name}` });

/** In a policy's spec: nothing is enforced, only told. */
export const MONITOR = { options: [{ name: "policy-mode", value: "monitor" }] };

/** What would have been done, and that it was not. */
export const monitored = (name: string): JsonObject => ({
  ...done(name),
  telovix: { monitored: true, enforced: null },
});
