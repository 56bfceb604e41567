import { readFile, readlink, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";

/** PID and state in `postmaster.pid`, or undefined when there is none. */
export async function readPostmaster(pgData: string): Promise<{ pid: number; ready: boolean } | undefined> {
  const text = await readFile(join(pgData, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, ready: (lines[7] ?? "").startsWith("ready") } : undefined;
}

/**
 * Takes away an empty `postmaster.pid`: a server that was killed while it wrote it leaves one, and no other starts beside it. Only for
 * whoever holds the directory's lock and knows its own server to be dead; nothing was begun by one that came no further.
 */
export async function removeCutLock(pgData: string, log: Log): Promise<void> {
  const path = join(pgData, "postmaster.pid");
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== 0) return;
  log.warn("a PostgreSQL that was killed at its start left an empty lock file; it is taken away", { path });
  await rm(path, { force: true });
}

async function servesDirectory(pid: number, pgData: string): Promise<boolean> {
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd !== undefined && cwd === (await realpath(pgData));
}

/**
 * Stops a server that outlived a killed Console. Only a process whose working directory is this very data directory is
 * touched: the number in a stale `postmaster.pid` may long belong to somebody else.
 */
export async function stopOrphan(pgData: string, clock: Clock, log: Log): Promise<void> {
  const found = await readPostmaster(pgData);
  if (!found || !(await servesDirectory(found.pid, pgData))) return;
  log.warn("an earlier PostgreSQL still runs on this data; it is stopped first", { pid: found.pid });
  const patienceMs = 30_000;
  const startedMs = clock.monotonicMs();
  process.kill(found.pid, "SIGINT");
  let forced = false;
  while (await servesDirectory(found.pid, pgData)) {
    if (!forced && clock.monotonicMs() - startedMs > patienceMs) {
      forced = true;
      process.kill(found.pid, "SIGQUIT");
    }
    await clock.sleep(20);
  }
}
