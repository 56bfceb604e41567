import { join } from "node:path";
import { AppError, errorMessage } from "../error.ts";
import type { EmbeddedFile } from "./embedded-files.ts";
import { systemFault } from "../system-fault.ts";
import { unpackOnce } from "./unpack.ts";

/**
 * Unpacks the engine into `<stateDir>/engine/<hash>/telovix-engine` (mode 755) and returns its path; a second call only looks.
 * The archive comes from `manifest.engine` (embed/manifest.ts). AppError `unavailable` when there is none or it is damaged.
 */
export async function unpackEngine(engine: EmbeddedFile | undefined, stateDir: string): Promise<string> {
  if (!engine)
    throw new AppError("unavailable", "this build carries no engine", { hint: "build it first: make native" });
  const { file, sizeBytes, sha256 } = engine;
  try {
    const dir = await unpackOnce({ file, start: 0, length: sizeBytes, sha256 }, join(stateDir, "engine"));
    return join(dir, "telovix-engine");
  } catch (error) {
    const fault = systemFault(error, stateDir);
    if (fault) throw fault;
    throw new AppError("unavailable", `the engine inside this executable is damaged: ${errorMessage(error)}`, {
      cause: error,
      hint: "download the file again and compare its SHA-256 with the published one",
    });
  }
}
