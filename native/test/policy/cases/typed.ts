import type { Case, HookKind, JsonObject, Run } from "../case.ts";

export const FUNCTION = ["kprobe|fentry"];

/** A case that shows one type of argument. */
export function typed(
  hook: HookKind,
  type: string,
  spec: JsonObject,
  needs: readonly string[],
  runs: readonly Run[],
  more: Partial<Case> = {},
): Case {
  return {
    name: `type-${hook}-${type}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
    group: "types",
    hook,
    shows: { type },
    spec,
    needs,
    runs,
    ...more,
  };
}
