import { readFile, readlink } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";
import { writeState } from "../state/sensor-state.ts";
import { processStart } from "../state/directory.ts";

const POLL_MS = 500;

/** Remembers a running engine, so that the next sensor finds it if this one is killed. */
export async function rememberEngine(path: string, pid: number): Promise<void> {
  await writeState(path, `${pid} ${(await processStart(pid)) ?? "0"}\n`);
}

async function commandOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
}

/** An engine that does what is wanted of it now: one without plans can't be given any. */
export async function servesPlans(pid: number, planDir: string | undefined): Promise<boolean> {
  return planDir === undefined || (await commandOf(pid)).includes(planDir);
}

/**
 * The engine of a sensor that was killed, if it still runs and writes where we read. Pids come back, so its start time
 * and its command line must fit too.
 */
export async function findOrphan(path: string, outDir: string): Promise<number | undefined> {
  const match = /^(\d+) (\d+)\n$/.exec(await readFile(path, "utf8").catch(() => ""));
  if (!match) return undefined;
  const pid = Number(match[1]);
  if ((await processStart(pid)) !== match[2]) return undefined;
  const command = await commandOf(pid);
  const exe = await readlink(`/proc/${pid}/exe`).catch(() => "");
  return command.includes(outDir) && /telovix-engine( \(deleted\))?$/.test(exe) ? pid : undefined;
}

/** Resolves when the process is gone, or the signal aborts. */
export async function goneOrAborted(pid: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const start = await processStart(pid);
  while (!signal.aborted && start !== undefined && (await processStart(pid)) === start)
    await clock.sleep(POLL_MS, signal);
}

/** Ends a process that is not our child: politely, then not. */
export async function endProcess(pid: number, clock: Clock, patienceMs: number): Promise<void> {
  const send = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It is gone already.
    }
  };
  send("SIGTERM");
  const patience = new AbortController();
  const late = clock.sleep(patienceMs, patience.signal).then(() => {
    if (!patience.signal.aborted) send("SIGKILL");
  });
  await goneOrAborted(pid, clock, AbortSignal.timeout(patienceMs + 5_000));
  patience.abort();
  await late;
}
