import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/error.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import { parseResolution, type Resolution } from "../core/policy/plan/resolution.ts";
import { writePlan } from "../core/policy/plan/write.ts";
import { engineProgram, withPrivateDir } from "./engine-program.ts";

const TIMEOUT_MS = 90_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

function ask(engine: string, file: string, signal: AbortSignal): Promise<Resolution> {
  return new Promise((resolve, reject) => {
    const options = { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    execFile(engine, ["resolve", "--plan", file, "--json"], options, (error, stdout, stderr) => {
      const said = stderr.trim().split("\n").at(-1);
      if (error) return reject(new AppError("unavailable", said || error.message));
      try {
        resolve(parseResolution(JSON.parse(stdout)));
      } catch (cause) {
        reject(new AppError("unavailable", "The engine's answer cannot be read.", { cause }));
      }
    });
  });
}

/** How this host's kernel would serve each plan, by its engine. AppError `unavailable` when it can't be asked. */
export async function resolvePlans(
  plans: readonly Plan[],
  signal: AbortSignal,
  programOf: (dir: string) => Promise<string> = engineProgram,
): Promise<readonly Resolution[]> {
  return withPrivateDir("resolve", async (dir) => {
    const engine = await programOf(dir);
    const found: Resolution[] = [];
    for (const [index, plan] of plans.entries()) {
      const file = join(dir, `${index}.plan`);
      await writeFile(file, writePlan(plan));
      found.push(await ask(engine, file, signal));
    }
    return found;
  });
}
