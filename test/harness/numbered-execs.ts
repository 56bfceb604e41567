import { spawn } from "node:child_process";
import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";

/** Between the end of one and the beginning of the next: five never begin within a second, however late the machine is with one. */
const PAUSE_MS = 340;

export interface NumberedExecs {
  /** How many were asked for so far. */
  count(): number;
  /** When number `n` was asked for, milliseconds since 1970. */
  atMs(n: number): number;
  /** Ends it once the last has run; answers how many there were. */
  stop(): Promise<number>;
}

/**
 * Runs `/bin/true <mark>-<n>`, three a second at most, until stopped. Their parent is a program of its own (a copy of the shell), since five
 * executions by one parent binary within a second are folded into a burst.
 */
export async function numberedExecs(dir: string, mark: string): Promise<NumberedExecs> {
  const shell = join(dir, "generator");
  await copyFile("/bin/bash", shell);
  await chmod(shell, 0o755);
  const generator = spawn(shell, ["-c", 'while read -r n; do /bin/true "$0-$n"; echo; done', mark], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise((done) => generator.once("exit", done));
  const times: number[] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const ran = new Promise((done) => generator.stdout.once("data", done));
      generator.stdin.write(`${times.push(Date.now())}\n`);
      await Promise.race([ran, ended]);
      await Bun.sleep(PAUSE_MS);
    }
    generator.stdin.end();
    await ended;
  })();
  return {
    count: () => times.length,
    atMs: (n) => times[n - 1] ?? 0,
    stop: async () => ((stopped = true), await loop, times.length),
  };
}
