import { chmod, lstat, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../core/error.ts";
import { randomHex } from "../../core/ids.ts";

/** Makes the directory (mode 700), or checks that nobody else can write into it or swap it. */
export async function ownDirectory(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const stat = await lstat(dir);
  if (!stat.isDirectory()) throw new AppError("unavailable", `${dir} is not a directory.`, { hint: "Move it away." });
  if (stat.uid !== process.getuid!())
    throw new AppError("unavailable", `${dir} belongs to another user (${stat.uid}).`, {
      hint: `Run the Console as that user, or give it over: chown ${process.getuid!()} ${dir}`,
    });
  if (stat.mode & 0o077) await chmod(dir, 0o700);
}

/** Text of a file, or undefined when there is none. A secret one must be ours alone. */
export async function readOwn(path: string, secret: boolean): Promise<string | undefined> {
  const stat = await lstat(path).catch((error: unknown) => {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  });
  if (!stat) return undefined;
  if (!stat.isFile()) throw new AppError("unavailable", `${path} is not a plain file.`, { hint: "Move it away." });
  if (secret && (stat.mode & 0o077) !== 0)
    throw new AppError(
      "unavailable",
      `The key ${path} can be read by others (mode ${(stat.mode & 0o777).toString(8)}).`,
      {
        hint: `Find out who may have read it; then: chmod 600 ${path}`,
      },
    );
  return readFile(path, "utf8");
}

/** Writes a whole file or nothing of it: a temporary beside it, synced, then renamed. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${randomHex(8)}.tmp`);
  const file = await open(temporary, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const dir = await open(dirname(path), "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}
