import { stat } from "node:fs/promises";
import { writeArchive } from "./archive.ts";
import { ENGINE_ARCHIVE, ENGINE_BINARY } from "./paths.ts";
import { hashInputs, once } from "./stamp.ts";

/** Packs the engine for embedding. Throws, saying what to do, when it was not built. */
export async function buildEngineArchive(): Promise<void> {
  const info = await stat(ENGINE_BINARY).catch(() => undefined);
  if (!info) throw new Error("native/.output/telovix-engine is missing: build it with `make native`");
  await once("engine", await hashInputs([ENGINE_BINARY], []), [ENGINE_ARCHIVE], () =>
    writeArchive(
      ENGINE_ARCHIVE,
      [{ path: "telovix-engine", type: "file", mode: 0o755, sizeBytes: info.size, target: "", source: ENGINE_BINARY }],
      19,
    ),
  );
}
