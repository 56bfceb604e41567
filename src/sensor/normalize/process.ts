import type { Ancestor, Namespaces, Process } from "../../core/event/process.ts";
import { clip, countOf, defined, listOf, microsOf, objectOf, textOf, type Json } from "./fields.ts";

const UNSET_UID = 4294967295;
const ID_MAX = 4294967295;
const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
];
const CAPABILITY_BIT = new Map(CAPABILITIES.map((name, bit) => [name, 1n << BigInt(bit)]));

function capabilities(cap: Json): string | undefined {
  if (!Array.isArray(cap["effective"])) return undefined;
  let bits = 0n;
  for (const name of listOf(cap["effective"])) bits |= CAPABILITY_BIT.get(String(name)) ?? 0n;
  return bits.toString(16).padStart(16, "0");
}

function inode(ns: Json, key: string): number | undefined {
  return countOf(objectOf(ns[key])["inum"]);
}

function namespaces(value: unknown): Namespaces | undefined {
  if (value === undefined) return undefined;
  const ns = objectOf(value);
  const found = defined({
    uts: inode(ns, "uts"),
    ipc: inode(ns, "ipc"),
    mnt: inode(ns, "mnt"),
    pid: inode(ns, "pid"),
    net: inode(ns, "net"),
    cgroup: inode(ns, "cgroup"),
    user: inode(ns, "user"),
    time: inode(ns, "time"),
  });
  return Object.keys(found).length > 0 ? found : undefined;
}

function argvOf(process: Json, binary: string): string[] {
  const argv = listOf(process["argv"])
    .slice(0, 256)
    .map((arg) => textOf(arg, 8192) ?? "");
  if (argv.length > 0 || process["arguments"] === undefined) return argv;
  // Lines of other makers have only the one string.
  return [clip(binary, 8192), textOf(process["arguments"], 8192) ?? ""];
}

function idOf(value: unknown): number | undefined {
  return countOf(value, ID_MAX);
}

/** A process with what the engine knows beside the event schema. */
export interface SeenProcess {
  readonly process: Process;
  readonly cgroup: string | undefined;
  /** First characters of the container's id. */
  readonly docker: string | undefined;
}

/** The `process` object of a line; undefined without an `exec_id`. */
export function readProcess(value: unknown): SeenProcess | undefined {
  const p = objectOf(value);
  const execId = textOf(p["exec_id"], 400);
  const pid = idOf(p["pid"]);
  if (execId === undefined || execId === "" || pid === undefined) return undefined;
  const binary = textOf(p["binary"], 4096) ?? "";
  const auid = idOf(p["auid"]);
  const process: Process = defined({
    exec_id: execId,
    parent_exec_id: textOf(p["parent_exec_id"], 400) || undefined,
    pid,
    ppid: idOf(p["ppid"]),
    tid: idOf(p["tid"]),
    uid: idOf(p["uid"]),
    gid: idOf(objectOf(p["process_credentials"])["gid"]),
    auid: auid === UNSET_UID ? undefined : auid,
    binary,
    comm: textOf(p["comm"], 64),
    argv: argvOf(p, binary),
    cwd: textOf(p["cwd"], 4096),
    start_time_us: microsOf(p["start_time"]),
    cap_effective: capabilities(objectOf(p["cap"])),
    flags: textOf(p["flags"], 256),
    ns: namespaces(p["ns"]),
    ancestors: [],
  });
  return { process, cgroup: textOf(p["cgroup"], 1024), docker: textOf(p["docker"], 64) };
}

/** The `parent` object of a line, as the first ancestor. */
export function readParent(value: unknown): { ancestor: Ancestor; parentExecId: string | undefined } | undefined {
  const p = objectOf(value);
  const execId = textOf(p["exec_id"], 400);
  const pid = idOf(p["pid"]);
  if (execId === undefined || execId === "" || pid === undefined) return undefined;
  const ancestor: Ancestor = defined({
    exec_id: execId,
    pid,
    binary: textOf(p["binary"], 4096) ?? "",
    uid: idOf(p["uid"]),
    arguments: textOf(p["arguments"], 1024),
  });
  return { ancestor, parentExecId: textOf(p["parent_exec_id"], 400) || undefined };
}
