import { access, constants } from "node:fs/promises";

/** Why the engine can't run on this host, in a sentence; undefined when nothing speaks against it. */
export async function engineObstacle(
  enginePath: string,
  btfPath = "/sys/kernel/btf/vmlinux",
): Promise<string | undefined> {
  if (process.geteuid?.() !== 0)
    return "the engine needs root to load BPF programs, and the sensor does not run as root";
  const there = (path: string, mode: number): Promise<boolean> =>
    access(path, mode).then(
      () => true,
      () => false,
    );
  if (!(await there(enginePath, constants.X_OK))) return `the engine is not at ${enginePath}`;
  if (!(await there(btfPath, constants.R_OK)))
    return `this kernel has no BTF (${btfPath}); one built with CONFIG_DEBUG_INFO_BTF is needed`;
  return undefined;
}
