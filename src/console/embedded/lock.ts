import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { randomHex } from "../../core/ids.ts";

/** When a process started, in clock ticks since boot: tells it from a later one with the same number. */
async function startTicks(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

async function isHeld(text: string): Promise<number | undefined> {
  const [pid = "", ticks] = text.trim().split(" ");
  if (!/^\d+$/.test(pid)) return undefined;
  return ticks !== undefined && (await startTicks(Number(pid))) === ticks ? Number(pid) : undefined;
}

/**
 * Makes sure that one Console works on a server's directory, since two would stop each other's servers. A lock whose holder died
 * is taken over. Rejects with AppError `conflict`.
 */
export async function lockDirectory(dir: string): Promise<AsyncDisposable> {
  const file = join(dir, "console.lock");
  const draft = `${file}.${randomHex(6)}`;
  await writeFile(draft, `${process.pid} ${(await startTicks(process.pid)) ?? ""}`, { mode: 0o600 });
  try {
    for (;;) {
      // A link appears whole or not at all, and fails where one is.
      const taken = await link(draft, file).then(
        () => true,
        () => false,
      );
      if (taken) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
      const holder = await isHeld(await readFile(file, "utf8").catch(() => ""));
      if (holder !== undefined)
        throw new AppError("conflict", `another Console (process ${holder}) works on ${dir}`, {
          hint: "stop it first, or give this one a directory of its own with --data-dir",
        });
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}
