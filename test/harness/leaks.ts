import { afterAll } from "bun:test";
import { readdir, readFile, readlink } from "node:fs/promises";
import { closeAll } from "./close-at-end.ts";

/**
 * Preloaded into every test run: when all tests are done, nothing may be left running. Timers that keep the process alive,
 * child processes and listening sockets are looked for; each is named with where it came from.
 */
const timers = new Map<unknown, string>();
const origin = (): string =>
  (new Error().stack ?? "")
    .split("\n")
    .slice(3)
    .find((l) => l.includes("/src/") || l.includes("/test/"))
    ?.trim() ?? "";

const { setInterval: startInterval, clearInterval: stopInterval } = globalThis;
globalThis.setInterval = Object.assign((...args: Parameters<typeof startInterval>) => {
  const timer = startInterval(...args);
  const from = origin();
  if (from) timers.set(timer, from);
  return timer;
}, startInterval);
globalThis.clearInterval = ((timer: Parameters<typeof stopInterval>[0]) => {
  timers.delete(timer);
  stopInterval(timer);
}) as typeof stopInterval;

/** Pids of this process's children, zombies left out. */
export async function childProcesses(): Promise<string[]> {
  const found: string[] = [];
  for (const task of await readdir("/proc/self/task")) {
    const pids = (await readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => ""))
      .split(" ")
      .filter(Boolean);
    for (const pid of pids) {
      const [status, command] = await Promise.all([
        readFile(`/proc/${pid}/status`, "utf8").catch(() => ""),
        readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
      ]);
      if (status && !/^State:\s*Z/m.test(status)) found.push(`${pid} ${command.replaceAll("\0", " ").trim()}`);
    }
  }
  return found;
}

/** Addresses this process listens on. */
export async function listeningSockets(): Promise<string[]> {
  const inodes = new Set<string>();
  for (const fd of await readdir("/proc/self/fd")) {
    const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/self/fd/${fd}`).catch(() => ""))?.[1];
    if (inode) inodes.add(inode);
  }
  const lines = (
    await Promise.all(["tcp", "tcp6"].map((f) => readFile(`/proc/self/net/${f}`, "utf8").catch(() => "")))
  ).flatMap((t) => t.split("\n").slice(1));
  return lines
    .map((l) => l.trim().split(/\s+/))
    .filter((f) => f[3] === "0A" && inodes.has(f[9] ?? ""))
    .map((f) => `port ${Number.parseInt(f[1]!.split(":")[1]!, 16)}`);
}

/** What is still running, in words. */
export async function leaks(): Promise<string[]> {
  return [
    ...[...timers.values()].map((from) => `interval set ${from}`),
    ...(await childProcesses()).map((c) => `child ${c}`),
    ...(await listeningSockets()).map((s) => `listening on ${s}`),
  ];
}

afterAll(async () => {
  await closeAll();
  const left = await leaks();
  if (left.length > 0) throw new Error(`left open after the tests:\n  ${left.join("\n  ")}`);
});
