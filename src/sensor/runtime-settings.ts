import { isCompiled } from "../core/self-command.ts";

/**
 * The runtime's allocator looks for pages that are all free in places that are partly in use, by default after each 50 ms in which
 * something was freed. At a trickle something always was, and a sixth of what the sensor costs went there; every ten seconds finds the same.
 */
const SETTINGS = { MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "10000" } as const;

type Env = Readonly<Record<string, string | undefined>>;

/** Surroundings to start again with; undefined when they have every setting, be it another than ours. */
export function missingSettings(env: Env): Record<string, string> | undefined {
  if (Object.keys(SETTINGS).every((name) => env[name] !== undefined)) return undefined;
  const known = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...SETTINGS, ...Object.fromEntries(known) };
}

/**
 * The runtime reads its settings before anything of ours runs: this process begins again with them, as the same process to whoever started
 * it. Before anything is opened. Where it can't be done the sensor runs as it is.
 */
export function settleRuntime(env: Env): void {
  const wanted = isCompiled() ? missingSettings(env) : undefined;
  if (!wanted) return;
  try {
    process.execve?.(process.execPath, [process.execPath, ...process.argv.slice(2)], wanted);
  } catch {
    // Only what it costs is another.
  }
}
