import { readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";

/** Clock ticks a second of /proc: fixed at 100 on every Linux architecture we run on. */
export const TICKS_PER_SEC = 100;
const MAX_PIDS = 65_536;
/** Set in the flags of a kernel's thread. */
const PF_KTHREAD = 0x0020_0000;
/** Longest time that looks at processes keep others from this thread. */
const TURN_MS = 4;

/** What changes while a process lives. */
export interface ProcStat {
  readonly name: string;
  readonly state: string;
  readonly ppid: number;
  readonly threads: number;
  readonly cpuTicks: number;
  readonly startTicks: number;
  readonly rssPages: number;
  /** A thread of the kernel: it holds no files. */
  readonly isKernel: boolean;
}

/** A line of /proc/<pid>/stat; the name may hold blanks and brackets, so it ends at the last one. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const f = text
    .slice(close + 2)
    .trimEnd()
    .split(" ");
  if (open < 0 || close < open || f.length < 22) return undefined;
  return {
    name: text
      .slice(open + 1, close)
      .slice(0, 64)
      .toWellFormed(),
    state: f[0]!.slice(0, 1),
    ppid: Number(f[1]),
    cpuTicks: Number(f[11]) + Number(f[12]),
    threads: Number(f[17]),
    startTicks: Number(f[19]),
    rssPages: Math.max(0, Number(f[21])),
    isKernel: (Number(f[6]) & PF_KTHREAD) !== 0,
  };
}

export async function listPids(): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir("/proc")) if (/^\d+$/.test(name) && pids.length < MAX_PIDS) pids.push(Number(name));
  return pids;
}

/**
 * How a process stands; undefined when it is gone. The kernel has it at hand, and by way of another thread it costs twice as much.
 */
export function readStat(pid: number): ProcStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** A file of a process, undefined when the process is gone or not ours to read; some wait for locks that a stuck process holds. */
function readPid(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => undefined);
}

/** Facts that stay the same from exec to exec. */
export interface ProcFacts {
  readonly uid: number;
  readonly euid: number;
  readonly cmdline: string;
  readonly binary: string | undefined;
  readonly cgroup: string | undefined;
}

export async function readFacts(pid: number): Promise<ProcFacts> {
  const [status, cmdline, cgroup, exe] = await Promise.all([
    readPid(pid, "status"),
    readPid(pid, "cmdline"),
    readPid(pid, "cgroup"),
    readlink(`/proc/${pid}/exe`).catch(() => undefined),
  ]);
  const ids = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status ?? "");
  return {
    uid: Number(ids?.[1] ?? 0),
    euid: Number(ids?.[2] ?? 0),
    cmdline: (cmdline ?? "").replace(/\0+$/, "").replaceAll("\0", " ").slice(0, 1024).toWellFormed(),
    binary: exe?.slice(0, 4096),
    cgroup: parseCgroup(cgroup ?? ""),
  };
}

/** The path of a process in /proc/<pid>/cgroup: of version 2, or else of the controller that container runtimes fill. */
export function parseCgroup(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.split(":"));
  const v2 = lines
    .find((l) => l[0] === "0")
    ?.slice(2)
    .join(":");
  const v1 = lines
    .find((l) => l[1] === "memory" || l[1] === "pids" || l[1] === "name=systemd")
    ?.slice(2)
    .join(":");
  const path = v1 !== undefined && v1 !== "/" ? v1 : (v2 ?? v1);
  return path === undefined || path === "" ? undefined : path.slice(0, 1024);
}

/** Runs `work` over items, a few at a time; however many there are, others get their turn in between. */
export async function eachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void> | void,
): Promise<void> {
  let next = 0;
  let turnMs = performance.now();
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      await work(items[next++]!);
      if (performance.now() - turnMs < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnMs = performance.now();
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
