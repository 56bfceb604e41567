import type { PolicyState } from "../../core/wire/state.ts";
import { countOf, defined, listOf, objectOf, textOf, type Json } from "../normalize/fields.ts";

/** As the engine calls them. */
const STATES: ReadonlyMap<unknown, PolicyState["state"]> = new Map([
  ["ok", "ok"],
  ["loaded", "ok"],
  ["loading", "waiting"],
  ["degraded", "degraded"],
  ["rejected", "rejected"],
  ["off", "off"],
]);
/** As many as the engine loads. */
const MAX_POLICIES = 1024;
const MAX_HOOKS = 1024;

/** What the engine says of a policy. */
export interface EnginePolicy extends Omit<PolicyState, "pack"> {
  /** Hooks there are, and those among them that the engine could not attach. */
  readonly hooks: number;
  readonly hooksRejected: number;
}

/** Which hook, and what of it. */
function reasonOf(hook: Json | undefined): string | undefined {
  const reason = textOf(hook?.["reason"], 400);
  return reason === undefined ? undefined : `${textOf(hook?.["hook"], 100) ?? "a hook"}: ${reason}`;
}

function policyOf(value: unknown, isOff: boolean): EnginePolicy | undefined {
  const policy = objectOf(value);
  const own = textOf(policy["name"], 253);
  const namespace = textOf(policy["namespace"], 253);
  const name = own && namespace ? `${namespace}/${own}`.slice(0, 253) : own;
  const state = STATES.get(policy["state"]);
  if (!name || !state) return undefined;
  const stats = objectOf(policy["stats"]);
  const hooks = listOf(policy["hooks"]).slice(0, MAX_HOOKS).map(objectOf);
  const why = hooks.find((hook) => hook["status"] === state && hook["status"] !== "ok" && hook["reason"] !== undefined);
  return defined({
    name,
    mode: policy["mode"] === "enforce" && !isOff ? ("enforce" as const) : ("monitor" as const),
    state,
    // A hook's reason says more than that there is one.
    reason: reasonOf(why) ?? textOf(policy["reason"], 512),
    matched: countOf(stats["matched"]) ?? 0,
    enforced: countOf(stats["enforced"]) ?? 0,
    lost: countOf(stats["lost"]) ?? 0,
    hooks: hooks.length,
    hooksRejected: hooks.filter((hook) => hook["status"] === "rejected").length,
  });
}

/** Reads the engine's policies.json; what is missing or of the wrong kind is left out. Undefined when it is none. */
export function readPolicies(text: string): ReadonlyMap<string, EnginePolicy> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = objectOf(value)["policies"];
  if (!Array.isArray(list)) return undefined;
  // The switch over all of them, and the lease, go before a policy's own mode.
  const control = objectOf(objectOf(value)["control"]);
  const isOff = control["enforcement"] === "off" || control["lease"] === "expired";
  const policies = list.slice(0, MAX_POLICIES).flatMap((entry) => policyOf(entry, isOff) ?? []);
  return new Map(policies.map((policy) => [policy.name, policy]));
}
