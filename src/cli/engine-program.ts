import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "../../embed/manifest.ts";
import { AppError } from "../core/error.ts";
import { unpackEngine } from "../core/payload/engine.ts";
import { parseHostFacts, type HostFacts } from "../core/policy/plan/host-facts.ts";
import { sensorConfig } from "../sensor/config.ts";

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Path of the engine to run: the one inside this executable, unpacked below `dir`; in a source tree the built one. */
export async function engineProgram(dir: string): Promise<string> {
  const { enginePath } = sensorConfig();
  if (enginePath !== undefined) return enginePath;
  if (manifest.engine !== undefined) return unpackEngine(manifest.engine, dir);
  return join(import.meta.dir, "../../native/.output/telovix-engine");
}

/** A directory of this call alone (mode 700), gone when the work is done. */
export async function withPrivateDir<T>(name: string, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), `telovix-${name}-`));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function probe(engine: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    execFile(engine, ["probe", "--json"], options, (error, stdout, stderr) => {
      // The engine says what is in the way on stderr, in a sentence.
      const said = stderr.trim().split("\n").at(-1);
      if (error && !stdout) return reject(new AppError("unavailable", said || error.message));
      try {
        resolve(JSON.parse(stdout));
      } catch (cause) {
        reject(new AppError("unavailable", "The engine's answer cannot be read.", { cause }));
      }
    });
  });
}

/** What this host can do, tried by the engine. AppError `unavailable` when it can't be run (not root, not built). */
export async function probeHost(signal: AbortSignal): Promise<HostFacts> {
  return withPrivateDir("probe", async (dir) => parseHostFacts(await probe(await engineProgram(dir), signal)));
}
