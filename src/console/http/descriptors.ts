import { readFile } from "node:fs/promises";

/** Kept for files, databases and what else a Console opens. */
const RESERVED = 1_024;
/** A sensor's stream takes one descriptor, any other connection three: its own and both ends of the one behind it. */
const PER_CONNECTION = 1.5;

const ownLimits = await readFile("/proc/self/limits", "utf8").catch(() => "");

/** Connections that this process may have open without running out of descriptors; Infinity where nobody says. */
export function connectionRoom(limits = ownLimits): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(64, Math.floor((Number(soft) - RESERVED) / PER_CONNECTION));
}
