import { mkdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { AppError } from "../../core/error.ts";
import { statePaths, type StatePaths } from "./paths.ts";

/** Makes the state directory if needed and checks that nobody else can write to it. Throws AppError `forbidden`. */
export async function openStateDir(dir: string): Promise<StatePaths> {
  const paths = statePaths(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const info = await stat(dir);
  const uid = process.getuid?.() ?? 0;
  if (info.uid !== uid)
    throw new AppError("forbidden", `${dir} belongs to user ${info.uid}, but the sensor runs as user ${uid}`, {
      hint: `Give it to the sensor: chown ${uid} ${dir}`,
    });
  if (info.mode & 0o022)
    throw new AppError(
      "forbidden",
      `${dir} can be written to by other users (mode ${(info.mode & 0o777).toString(8)})`,
      {
        hint: `Close it: chmod 700 ${dir}`,
      },
    );
  for (const sub of [paths.compiledPolicies, paths.engine, paths.engineOut, paths.enginePlans, paths.spool])
    await mkdir(sub, { recursive: true, mode: 0o700 });
  return paths;
}

/** Start time of a process in clock ticks since boot, which together with the pid names it; undefined when it is gone. */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The process that works with this state directory now, if any; a claim whose process is gone is void. */
export async function lockHolder(paths: StatePaths): Promise<number | undefined> {
  const held = /^(\d+) (\d+)\n$/.exec(await readFile(paths.lock, "utf8").catch(() => ""));
  return held && (await processStart(Number(held[1]))) === held[2] ? Number(held[1]) : undefined;
}

/**
 * Claims the state directory for this process: two sensors on one spool would give numbers out twice. A claim whose
 * process is gone is void. Resolves with how to give it back; throws AppError `conflict`.
 */
export async function lockStateDir(paths: StatePaths): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${await processStart(process.pid)}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(paths.lock, mine, { flag: "wx", mode: 0o600 });
      return () => unlink(paths.lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await lockHolder(paths);
    if (holder !== undefined)
      throw new AppError("conflict", `another sensor (process ${holder}) already runs with ${paths.dir}`, {
        hint: "Stop it first, or give this one a directory of its own with --state-dir.",
      });
    await unlink(paths.lock).catch(() => {});
  }
  throw new AppError("conflict", `${paths.lock} could not be claimed`, {
    hint: "Another sensor is starting with this directory at this moment; look at it first.",
  });
}
