/** The ground the cases play on: a tmpfs on DIR with the programs and files that policies and runs name. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { ACT, CGROUP, DIR } from "./case.ts";
import { matrixFiles, matrixPrograms } from "./matrix/matrix.ts";

const PROGRAMS = ["alpha", "beta", "gamma", "delta", "epsilon", "refused"];
const FILES = ["secret", "other", "watched-1", "watched-2", "file"];

/** Beside the ground: what lies in it is looked at by the cases. */
const OWNER = `${DIR}.pid`;

/** A run that was killed leaves its ground behind; so does, for a guest, one on the host whose files it sees. */
function isAbandoned(): boolean {
  if (!existsSync(DIR)) return false;
  const pid = existsSync(OWNER) ? Number(readFileSync(OWNER, "utf8")) : 0;
  try {
    return pid === 0 || !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("run.ts");
  } catch {
    return true;
  }
}

/** Lays everything out. `act`: the built trigger program. Throws when somebody else plays here already. */
export function layGround(act: string): void {
  if (isAbandoned()) clearGround();
  mkdirSync(DIR, { mode: 0o755 });
  writeFileSync(OWNER, String(process.pid));
  // A file system of its own: paths and inode numbers are what they seem, which an overlay's are not. Best effort.
  spawnSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tx-policy", DIR]);
  for (const dir of ["bin", "f", "x", "f/folder"]) mkdirSync(`${DIR}/${dir}`);
  copyFileSync(act, ACT);
  chmodSync(ACT, 0o755);
  // Links, not copies: an uprobe on act's file is reached under every name.
  for (const name of PROGRAMS) linkSync(ACT, `${DIR}/bin/${name}`);
  for (const name of matrixPrograms) linkSync(ACT, `${DIR}/x/${name}`);
  for (const name of new Set([...FILES, ...matrixFiles])) writeFileSync(`${DIR}/f/${name}`, `text of ${name}`);
  for (const name of ["file", "keep-lsm", "lose-lsm", "lose", "short"])
    writeFileSync(`${DIR}/${name}`, `text of ${name}`);
  spawnSync("mknod", [`${DIR}/f/null`, "c", "1", "3"]);
  copyFileSync("/bin/true", `${DIR}/bin/dynamic`);
  const group = groupDir();
  if (group === undefined) return;
  if (!existsSync(group)) mkdirSync(group);
  symlinkSync(group, CGROUP);
}

/** Where the pod of the cases lives, in the hierarchy the kernel numbers groups by; undefined where none is mounted. */
function groupDir(): string | undefined {
  const mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
  const mount = mounts.find((dir) => existsSync(`${dir}/cgroup.procs`));
  return mount === undefined ? undefined : `${mount}/tx-policy`;
}

/** Takes it away again. */
export function clearGround(): void {
  const group = groupDir();
  if (group !== undefined && existsSync(group)) rmdirSync(group);
  spawnSync("umount", ["-l", DIR]);
  if (existsSync(DIR)) rmSync(DIR, { recursive: true, force: true });
  rmSync(OWNER, { force: true });
}
