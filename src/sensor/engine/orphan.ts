import { readdir, readFile, readlink } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";
import { processStart } from "../state/directory.ts";

const POLL_MS = 500;

async function commandOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
}

/** An engine that does what is wanted of it now: one without plans can't be given any. */
export async function servesPlans(pid: number, planDir: string): Promise<boolean> {
  return (await commandOf(pid)).includes(planDir);
}

/**
 * The engine of a sensor that was killed, if it still runs and writes where we read. It is looked for among all processes: whatever a
 * sensor could have written down about it, a full disk would have kept it from.
 */
export async function findOrphan(outDir: string): Promise<number | undefined> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const exe = await readlink(`/proc/${name}/exe`).catch(() => "");
    if (!/\/telovix-engine( \(deleted\))?$/.test(exe)) continue;
    const pid = Number(name);
    const command = await commandOf(pid);
    // Another command of the engine's may name the place too, and one that has ended may still be in the list.
    if (command.includes("run") && command.includes(outDir) && (await processStart(pid)) !== undefined) return pid;
  }
  return undefined;
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
