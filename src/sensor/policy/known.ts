import type { EmbeddedPack, EmbeddedPolicy } from "../../core/payload/embedded-files.ts";

/** What policies bear as their pack that were added on the node. */
export const LOCAL_PACK = "local";

/** A policy this sensor was given, with what its events mean. */
export interface KnownPolicy extends EmbeddedPolicy {
  readonly pack: string;
  /** Its nodeSelector names other nodes. */
  readonly isElsewhere?: boolean;
  /** It is about pods or containers, whoever they are. */
  readonly needsWorkloads?: boolean;
}

/** By name. */
export type KnownPolicies = ReadonlyMap<string, KnownPolicy>;

/** The policies of packs, in the order they are loaded. */
export function knownPolicies(packs: readonly EmbeddedPack[]): KnownPolicies {
  return new Map(packs.flatMap(({ id, policies }) => policies.map((policy) => [policy.name, { ...policy, pack: id }])));
}
