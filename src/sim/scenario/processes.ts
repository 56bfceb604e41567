import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";

/** Pids whose command line holds all the words. */
export async function pidsWith(...words: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const command = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    if (command && words.every((w) => command.includes(w))) found.push(Number(name));
  }
  return found;
}

/** Pids whose parent is one of these. */
export async function childrenOf(parents: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    if (parents.includes(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]))) found.push(Number(name));
  }
  return found;
}

export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Processor time and resident memory of a process, and when it began, in ticks since the host did; undefined once it is gone. */
export async function usageOf(pid: number): Promise<(Usage & { readonly startTicks: number }) | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  if (stat === "") return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return {
    cpuMs: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10,
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    startTicks: Number(fields[19]),
  };
}

/** Sends a signal; a process that has just ended is no fault. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** True when something takes connections there. */
export function answersAt(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
