import packageJson from "../../package.json" with { type: "json" };

export interface BuildInfo {
  readonly version: string;
  /** Short hash of the commit it was built from; "dev" outside a build. */
  readonly commit: string;
  /** Time of that commit, so that the same commit gives the same bytes. */
  readonly builtAtMs: number;
}

/** Set by build.ts through `define`. */
declare const TELOVIX_COMMIT: string | undefined;
declare const TELOVIX_COMMIT_TIME_MS: number | undefined;

/** What this executable was built from. */
export function buildInfo(): BuildInfo {
  return {
    version: packageJson.version,
    commit: typeof TELOVIX_COMMIT === "string" ? TELOVIX_COMMIT : "dev",
    builtAtMs: typeof TELOVIX_COMMIT_TIME_MS === "number" ? TELOVIX_COMMIT_TIME_MS : 0,
  };
}
