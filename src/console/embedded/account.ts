import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AppError } from "../../core/error.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface ServerAccounts {
  /** Runs the servers and owns their files. */
  readonly server: Account;
  /** Runs initdb, which insists on a name in the user database. */
  readonly named: Account;
}

// No user of the host, and outside the ranges that useradd and systemd give out.
const SERVER_ID = 60_787;

function parsePasswd(text: string): Map<string, Account> {
  const users = new Map<string, Account>();
  for (const line of text.split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name && Number(uid) > 0) users.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return users;
}

/**
 * Who runs the embedded servers: undefined when we are not root (they run as we do), otherwise the user `telovix` if the host
 * has one, otherwise a number of our own that no other program shares.
 */
export async function chooseAccounts(ownUid: number, passwdPath = "/etc/passwd"): Promise<ServerAccounts | undefined> {
  if (ownUid !== 0) return undefined;
  const users = parsePasswd(await readFile(passwdPath, "utf8").catch(() => ""));
  const own = users.get("telovix");
  if (own) return { server: own, named: own };
  const named = users.get("nobody") ?? [...users.values()][0];
  if (!named)
    throw new AppError("unavailable", `PostgreSQL does not run as root, and ${passwdPath} names no other user`, {
      hint: "add a user: useradd --system --no-create-home telovix; or use --postgres-url",
    });
  return { server: { uid: SERVER_ID, gid: SERVER_ID }, named };
}

/** The first directory above `path` (itself included) that an account without rights of its own cannot enter, if any. */
export async function findClosedDirectory(path: string): Promise<string | undefined> {
  let closed: string | undefined;
  const start = await realpath(path).catch(() => resolve(path));
  for (let dir = start; ; dir = dirname(dir)) {
    const info = await stat(dir).catch(() => undefined);
    if (info?.isDirectory() && (info.mode & 0o001) === 0) closed = dir;
    if (dir === dirname(dir)) return closed;
  }
}
