import type { JsonObject } from "../case.ts";
import type { Plain } from "../matrix/plain.ts";

export const done = (name: string): JsonObject => ({ action: `KPROBE_ACTION_${name}` });

/** The same where the action may be that of the return. */
export const doneAt = (site: Plain, name: string): JsonObject =>
  site.atReturn === true ? { return_action: `KPROBE_ACTION_${name}` } : done(name);

/** In a policy's spec: nothing is enforced, only told. */
export const MONITOR = { options: [{ name: "policy-mode", value: "monitor" }] };

/** Of what would have been done: that it was not. */
export const MONITORED = { telovix: { monitored: true, enforced: null } };

/** What would have been done, and that it was not. */
export const monitored = (name: string): JsonObject => ({ ...done(name), ...MONITORED });
