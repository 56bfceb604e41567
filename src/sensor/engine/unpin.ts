import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EmbeddedFile } from "../../core/payload/embedded-files.ts";
import { unpackEngine } from "../../core/payload/engine.ts";
import type { SensorConfig } from "../config.ts";
import { statePaths } from "../state/paths.ts";

const TIMEOUT_MS = 15_000;
const runFile = promisify(execFile);

/**
 * Takes out of the kernel what a killed engine of this state directory left at work there; nothing to do is no error.
 * Rejects when an engine still runs, or the kernel refuses.
 */
export async function unpinEngine(config: SensorConfig, embedded: EmbeddedFile | undefined): Promise<void> {
  const { enginePins } = statePaths(config.stateDir);
  const left = await access(enginePins).then(
    () => true,
    () => false,
  );
  if (!left) return;
  const unpacked = embedded === undefined ? undefined : await unpackEngine(embedded, config.stateDir);
  const path = config.enginePath ?? unpacked ?? join(import.meta.dir, "../../../native/.output/telovix-engine");
  await runFile(path, ["unpin", "--pin", enginePins], { timeout: TIMEOUT_MS });
}
