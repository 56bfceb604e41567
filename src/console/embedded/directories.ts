import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "../../core/error.ts";
import { findClosedDirectory, type Account } from "./account.ts";

// sun_path holds 108 bytes with its NUL; PostgreSQL's socket is called ".s.PGSQL.5432" and has a lock file beside it.
const MAX_SOCKET_DIR_BYTES = 107 - "/.s.PGSQL.5432.lock".length;

/** In a data directory whose embedded store was copied elsewhere; holds where. */
export const MOVED = { postgres: "moved-postgresql", clickhouse: "moved-clickhouse" } as const;

/** In a data directory while a backup is being restored into it; what lies there then is half of a Console. */
export const UNFINISHED_RESTORE = "restore-unfinished";

/**
 * Makes the Console's data directory: ours to read, and passable (not listable) for the account of the servers.
 * Rejects with AppError `unavailable` when a directory above it is closed to them; those are not ours to open.
 */
export async function prepareDataDir(dataDir: string, account: Account | undefined): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  if (!account) return;
  await chmod(dataDir, 0o711);
  const closed = await findClosedDirectory(dirname(dataDir));
  if (closed === undefined) return;
  throw new AppError("unavailable", `the embedded servers do not run as root and cannot enter ${closed}`, {
    hint: `choose --data-dir below a directory that every user may enter, such as /var/lib/telovix, or run: chmod o+x ${closed}`,
  });
}

/** Makes a directory that only the account (and root) can enter. */
export async function privateDir(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  if (account) await chown(path, account.uid, account.gid);
}

/** Gives a tree to the account, links themselves rather than their targets. */
export async function chownTree(path: string, account: Account): Promise<void> {
  await lchown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
}

/**
 * A path for `dir` that is short enough for Unix sockets: itself, or a link to it in a fresh directory that `remove` takes away.
 * A socket's path may have 107 bytes only, a data directory's more.
 */
export async function shortSocketDir(dir: string): Promise<{ path: string; remove: () => Promise<void> }> {
  if (Buffer.byteLength(dir) <= MAX_SOCKET_DIR_BYTES) return { path: dir, remove: () => Promise.resolve() };
  const short = await mkdtemp(join(tmpdir(), "telovix-"));
  await chmod(short, 0o711);
  const path = join(short, "s");
  await symlink(dir, path);
  return { path, remove: () => rm(short, { recursive: true, force: true }) };
}
