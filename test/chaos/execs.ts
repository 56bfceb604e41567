import { spawn } from "node:child_process";
import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { EventSearchResult } from "../../src/core/api/events.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";

/** Runs `/bin/true <mark>-<n>`, three a second, by a program of its own (a copy of the shell) until stopped; answers how many. */
export async function numberedExecs(dir: string, mark: string): Promise<() => Promise<number>> {
  const shell = join(dir, "generator");
  await copyFile("/bin/bash", shell);
  await chmod(shell, 0o755);
  const generator = spawn(shell, ["-c", 'while read -r n; do /bin/true "$0-$n"; done', mark], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise((done) => generator.once("exit", done));
  let count = 0;
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      generator.stdin.write(`${++count}\n`);
      await Bun.sleep(340);
    }
    generator.stdin.end();
    await ended;
  })();
  return async () => ((stopped = true), await loop, count);
}

/**
 * How often the end of each execution of a mark is found through the Console's search. The end, since on a busy machine five of them
 * may begin within a second, and are then folded into one event.
 */
export async function foundExecs(bed: TestBed, mark: string): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  let cursor = "";
  do {
    const page = await bed.api<EventSearchResult>(
      "GET",
      `/api/v1/events?kind=process_exit&q=${mark}&since=24h&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const event of page.events) {
      const number = Number(new RegExp(`${mark}-(\\d+)`).exec(event.process_arguments)?.[1]);
      if (number) found.set(number, (found.get(number) ?? 0) + 1);
    }
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found;
}
