import type { FlagSpec } from "./command.ts";
import { UsageError } from "./parse.ts";

export const SET_FLAG: FlagSpec = {
  name: "set",
  value: "NAME=value",
  help: "Value of the placeholder ${NAME} in filters.",
  many: true,
};

/** Values of placeholders, from `--set NAME=value`. */
export function readVariables(settings: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    settings.map((setting) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(setting) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`--set can't read '${setting}'.`, "Write --set NAME=value.");
      return [name, value] as const;
    }),
  );
}
