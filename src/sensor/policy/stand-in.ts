import type { KnownPolicies } from "./known.ts";
import type { EnginePolicy } from "./status.ts";

/**
 * Which policies are to be loaded: all, but those that stand in for another only where the engine could not attach that
 * one's hooks. As long as it has not said, what was loaded before stays.
 */
export function policiesToLoad(
  known: KnownPolicies,
  status: ReadonlyMap<string, EnginePolicy>,
  loaded: ReadonlySet<string>,
): ReadonlySet<string> {
  const wanted = [...known.values()].filter(({ name, fallbackOf }) => {
    if (fallbackOf === undefined) return true;
    const other = status.get(fallbackOf);
    return other ? lacksHooks(other) : loaded.has(name);
  });
  return new Set(wanted.map((policy) => policy.name));
}

/** It sees nothing, or less than it should because of a hook that is not to be had. */
function lacksHooks({ state, hooksRejected }: EnginePolicy): boolean {
  return state === "rejected" || hooksRejected > 0;
}
