import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../core/error.ts";

const exec = promisify(execFile);
const run = async (file: string, ...args: string[]): Promise<void> => void (await exec(file, args));
/** Directories of ours hold the pid of whoever made them. */
const OURS = /^telovix-(?:disk|chaos)-(\d+)-/;

/** Removes what runs left behind that were killed before they could clean up. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = OURS.exec(name)?.[1];
    if (pid === undefined || (await Bun.file(`/proc/${pid}/stat`).exists())) continue;
    const path = join(parent, name);
    await run("umount", "-R", "-l", path).catch(() => {});
    await rm(path, { recursive: true, force: true });
  }
}

/** A file system that can be full. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all that is free, and again what becomes free, for a while; then gives it back. */
  fill(forMs: number): Promise<void>;
}

/**
 * A file system of its own and of a fixed size (`2G`), in a file; root only, AppError `forbidden` for others. ext4, since what matters
 * is how real ones behave when they are full: on tmpfs the engine leaves parts with empty files behind.
 */
export async function makeSmallDisk(size: string, parent = tmpdir()): Promise<SmallDisk> {
  if (process.getuid?.() !== 0)
    throw new AppError("forbidden", "A full disk is tried on a file system of its own, which only root may mount.", {
      hint: "Run it as root.",
    });
  await sweep(parent);
  const path = await mkdtemp(join(parent, `telovix-disk-${process.pid}-`));
  const image = `${path}.img`;
  await run("truncate", "-s", size, image);
  await run("mkfs.ext4", "-q", "-m", "0", image);
  await run("mount", "-o", "loop", image, path);
  await chmod(path, 0o755);
  let pieces = 0;
  const take = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(path);
    if (bavail === 0) return Bun.sleep(50);
    // Somebody else may have been quicker.
    const bytes = String(bavail * bsize);
    const piece = join(path, `ballast-${++pieces}`);
    await run("fallocate", "-l", bytes, piece).catch(() => Bun.sleep(20));
  };
  return {
    path,
    async fill(forMs) {
      const untilMs = performance.now() + forMs;
      while (performance.now() < untilMs) await take();
      for (; pieces > 0; pieces--) await rm(join(path, `ballast-${pieces}`), { force: true });
    },
    async [Symbol.asyncDispose]() {
      await run("umount", "-R", "-l", path).catch(() => {});
      await rm(path, { recursive: true, force: true });
      await rm(image, { force: true });
    },
  };
}
