import type { KnownPolicies, KnownPolicy } from "./known.ts";
import { LOCAL_PACK } from "./known.ts";
import type { Local, OperatorChoice } from "./local.ts";
import { selects, type Labels } from "./node-selector.ts";
import type { Control } from "./plan-files.ts";

/** Enforcement ends by itself when no sensor has said for so long that it lives. */
const LEASE_SECONDS = 300;

/** Policies of packs and those that were added on the node, which bear no name of a pack's. */
export function withLocal(packs: KnownPolicies, { policies }: Pick<Local, "policies">, node: Labels): KnownPolicies {
  const all = new Map(packs);
  for (const { name, mayEnforce, nodeSelector, needsWorkloads } of policies)
    if (!packs.has(name))
      all.set(name, {
        name,
        pack: LOCAL_PACK,
        title: `Policy ${name}`,
        severity: "warning",
        kind: "policy_match",
        techniques: [],
        mode: mayEnforce ? "enforce" : "monitor",
        isElsewhere: nodeSelector !== undefined && !selects(nodeSelector, node),
        needsWorkloads,
      });
  return all;
}

/** Whether the operator wants a policy loaded at all. */
export function isWanted(name: string, choice: OperatorChoice): boolean {
  return !Object.hasOwn(choice.modes, name) || choice.modes[name] !== "off";
}

/**
 * What the engine is told of modes: the operator's word on a policy, or else the policy's own, where the sensor was started to enforce.
 * Without an operator's choice that can be read nothing is stopped.
 */
export function controlOf(known: KnownPolicies, enforce: boolean, choice: OperatorChoice | undefined): Control {
  const modeOf = ({ name, mode }: KnownPolicy): "monitor" | "enforce" => {
    const wanted = choice && Object.hasOwn(choice.modes, name) ? choice.modes[name] : undefined;
    return (wanted ?? (enforce ? mode : "monitor")) === "enforce" ? "enforce" : "monitor";
  };
  const modes = Object.fromEntries([...known.values()].map((policy) => [policy.name, modeOf(policy)]));
  const isOn =
    choice !== undefined && choice.enforcement !== "off" && (enforce || Object.values(modes).includes("enforce"));
  return isOn ? { modes, enforcement: "on", leaseSeconds: LEASE_SECONDS } : { modes, enforcement: "off" };
}
