import { resolve } from "node:path";
import { parseNumber } from "../../sim/options.ts";
import { textFlag, type Flags } from "../command.ts";

/** Where the Console that is measured has its directory, and what it is started with, as a call says by --dir and --workers. */
export function bedOf(flags: Flags): { readonly parent?: string; readonly args?: readonly string[] } {
  const parent = textFlag(flags, "dir");
  const workers = textFlag(flags, "workers");
  return {
    ...(parent === undefined ? {} : { parent: resolve(parent) }),
    ...(workers === undefined ? {} : { args: ["--workers", String(parseNumber("workers", workers, 1, 16))] }),
  };
}
