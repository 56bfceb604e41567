import { nearestOf } from "../core/policy/problems.ts";
import type { FlagSpec } from "./command.ts";
import { UsageError } from "./parse.ts";

export const SET_FLAG: FlagSpec = {
  name: "set",
  value: "NAME=value",
  help: "Value of the placeholder ${NAME} in filters.",
  many: true,
};

/** Values of placeholders, and which placeholders the policies read so far have. */
export class Variables extends Map<string, string> {
  readonly #asked = new Set<string>();

  override get(name: string): string | undefined {
    this.#asked.add(name);
    return super.get(name);
  }

  /** UsageError for a value that no policy has a placeholder for; to be called when all of them are read. */
  refuseUnused(): void {
    for (const name of this.keys()) {
      if (this.#asked.has(name)) continue;
      const nearest = nearestOf(name, [...this.#asked]);
      const hint = nearest === undefined ? "Leave --set out." : `Did you mean '${nearest}'?`;
      throw new UsageError(`No policy here has the placeholder '\${${name}}'.`, hint);
    }
  }
}

/** Values of placeholders, from `--set NAME=value`. */
export function readVariables(settings: readonly string[]): Variables {
  const variables = new Variables();
  for (const setting of settings) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--set can't read '${setting}'.`, "Write --set NAME=value.");
    variables.set(name, value);
  }
  return variables;
}
