import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import type { EmbeddedFile } from "../../core/payload/embedded-files.ts";
import { unpackEngine } from "../../core/payload/engine.ts";
import type { SensorConfig } from "../config.ts";

/** The engine that is to run: the one configured, or the one inside this executable, unpacked into the state directory. */
export async function findEngine(
  config: Pick<SensorConfig, "enginePath" | "stateDir">,
  embedded: EmbeddedFile | undefined,
  log: Log,
): Promise<string> {
  if (config.enginePath !== undefined) return config.enginePath;
  if (embedded !== undefined) {
    try {
      return await unpackEngine(embedded, config.stateDir);
    } catch (error) {
      log.error("the engine could not be unpacked", { error });
    }
  }
  // A checkout: where `make native` puts it.
  return join(import.meta.dir, "../../../native/.output/telovix-engine");
}
