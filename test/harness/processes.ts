import { pidsWith as processesWith, signalTo, usageOf } from "../../src/sim/scenario/processes.ts";

/** Pids whose command line holds all the words: how a test finds the parts of the installation it started, and no other. */
export function pidsWith(...words: readonly string[]): Promise<number[]> {
  return processesWith(...words);
}

/** Kills those whose command line holds all the words; what has ended by itself since it was seen is no fault. */
export async function killAllWith(...words: readonly string[]): Promise<void> {
  for (const pid of await pidsWith(...words)) signalTo(pid, "SIGKILL");
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export async function rssBytes(pid: number): Promise<number> {
  return (await usageOf(pid))?.rssBytes ?? 0;
}

/** User and system time a process has used, in milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  return (await usageOf(pid))?.cpuMs ?? 0;
}
