import { AppError } from "./error.ts";

interface Fault {
  readonly say: (where: string) => string;
  readonly hint: string;
}

const ELSEWHERE = "or choose another directory with --data-dir (Console) or --state-dir (sensor)";
const PERMISSION: Fault = {
  say: (where) => `${where}: permission denied for user ${process.getuid?.() ?? "?"}`,
  hint: `Run it as root or as the user who owns that directory, ${ELSEWHERE}.`,
};
const FULL: Fault = {
  say: (where) => `${where}: no space left on this disk`,
  hint: `Free some space there (telovix doctor says how much is needed), ${ELSEWHERE}.`,
};
const NO_DIRECTORY: Fault = {
  say: (where) => `${where}: a file stands where a directory is needed`,
  hint: `Move that file away, ${ELSEWHERE}.`,
};
const FILES: Fault = {
  say: (where) => `${where}: too many open files`,
  hint: "Raise the limit of open files for this service (ulimit -n, or LimitNOFILE= in its unit) to 65536.",
};

const FAULTS: Readonly<Record<string, Fault>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  ENOSPC: FULL,
  EDQUOT: FULL,
  ENOTDIR: NO_DIRECTORY,
  EEXIST: NO_DIRECTORY,
  EISDIR: { say: (where) => `${where}: a directory stands where a file is needed`, hint: "Name a file instead." },
  ENOENT: { say: (where) => `${where}: there is no such file`, hint: "Check how the path is written." },
  EROFS: {
    say: (where) => `${where}: this file system is read-only`,
    hint: `Mount it for writing, ${ELSEWHERE}.`,
  },
  EIO: {
    say: (where) => `${where}: the disk reports an error`,
    hint: "Look at the kernel's log (dmesg) and at the disk's health.",
  },
  EMFILE: FILES,
  ENFILE: FILES,
};

/**
 * An error of the operating system about a file, in words and with what to do; undefined for everything else. The path is the one
 * of the failed call; without it (some calls name none) `where` stands in.
 */
export function systemFault(error: unknown, where = "the data directory"): AppError | undefined {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  // Without a system call it is some library's own use of the name.
  if (code === undefined || !("syscall" in error) || !Object.hasOwn(FAULTS, code)) return undefined;
  const fault = FAULTS[code]!;
  return new AppError("unavailable", fault.say(path ?? where), { cause: error, hint: fault.hint });
}
