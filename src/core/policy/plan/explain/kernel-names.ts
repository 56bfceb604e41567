import { CAPABILITY_NAMES } from "../../value/capability.ts";
import { FILE_TYPES } from "../../value/file-type.ts";
import { SOCKET_NAMES } from "../../value/socket-names.ts";
import { listed } from "./prose.ts";

/** Error numbers of Linux, as an Override gives them; the place in the list. */
const ERRORS =
  ". EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP".split(
    " ",
  );
const SIGNALS =
  ". HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const MORE_ERRORS: Readonly<Record<number, string>> = {
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  99: "EADDRNOTAVAIL",
  101: "ENETUNREACH",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
};

/** Name of what a call returns: "EPERM" for -1. */
export function errorName(value: number): string {
  return (value < 0 ? (ERRORS[-value] ?? MORE_ERRORS[-value]) : undefined) ?? `${value}`;
}

/** "SIGTERM" for 15. */
export function signalName(signal: number): string {
  const name = signal > 0 ? SIGNALS[signal] : undefined;
  return name === undefined ? `signal ${signal}` : `SIG${name}`;
}

/** "CAP_SYS_ADMIN or CAP_BPF" for their bits; "any capability" for all. */
export function capabilityWords(mask: bigint): string {
  const names = CAPABILITY_NAMES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
  const known = (1n << BigInt(CAPABILITY_NAMES.length)) - 1n;
  if ((mask & known) === known) return "any capability";
  return names.length > 0 ? listed(names) : `a capability of 0x${mask.toString(16)}`;
}

/** "IPPROTO_TCP", or the number. */
export function socketName(field: "protocol" | "family" | "state", value: number): string {
  const found = [...SOCKET_NAMES[field]].findLast(([, n]) => n === value)?.[0];
  return found ?? `${value}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  pipe: "a pipe",
  char: "a character device",
  dir: "a directory",
  block: "a block device",
  regular: "a plain file",
  link: "a symbolic link",
  socket: "a socket",
};

/** "a directory" for the bits of a mode. */
export function fileTypeWords(bits: number): string {
  const name = [...FILE_TYPES].findLast(([, b]) => b === bits)?.[0];
  return (name === undefined ? undefined : TYPE_WORDS[name]) ?? `of type 0x${bits.toString(16)}`;
}
