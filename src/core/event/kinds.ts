import type { Severity } from "./severity.ts";

/** Groups of kinds; each names the sections of an event its kinds may carry. */
export const EVENT_FAMILIES = ["process", "file", "network", "dns", "privilege", "kernel", "engine"] as const;
export type EventFamily = (typeof EVENT_FAMILIES)[number];

export interface KindInfo {
  readonly family: EventFamily;
  /** Severity an event of this kind has unless a rule raises or lowers it. */
  readonly severity: Severity;
  readonly title: string;
  /** MITRE ATT&CK technique ids the kind is evidence for. */
  readonly mitre: readonly string[];
  readonly description: string;
}

function kind(
  family: EventFamily,
  severity: Severity,
  title: string,
  description: string,
  ...mitre: string[]
): KindInfo {
  return { family, severity, title, description, mitre };
}

/**
 * Every event kind. The strings are stable: they stand in queries, rules, alerts and exports.
 * docs/events.md is generated from this table.
 */
export const KINDS = {
  process_exec: kind("process", "info", "Process started", "A program was executed.", "T1059"),
  process_exit: kind(
    "process",
    "info",
    "Process ended",
    "The last thread of a process ended; exit code or signal is given.",
  ),
  process_fork: kind("process", "info", "Process forked", "A process made a child without executing a program yet."),
  process_exec_burst: kind(
    "process",
    "warning",
    "Burst of executions",
    "Five or more programs were started by one parent binary within a second; only the count and a representative are kept.",
    "T1059",
  ),
  process_fork_burst: kind(
    "process",
    "warning",
    "Burst of forks",
    "Three or more children of one parent binary were made within a second; only the count and a representative are kept.",
    "T1499",
  ),
  exec_memfd: kind(
    "process",
    "critical",
    "Execution from memory",
    "A program without a file on disk was executed (memfd or deleted file).",
    "T1620",
  ),
  exec_match: kind(
    "process",
    "warning",
    "Watched program started",
    "A program was executed, or was about to be, that a policy watches for.",
    "T1059",
  ),
  lsm_exec: kind(
    "process",
    "info",
    "Program at the security hook",
    "The kernel's security hook was asked whether a program that a policy watches for may run.",
    "T1059",
  ),
  process_signal: kind(
    "process",
    "info",
    "Signal sent",
    "A process sent a terminating or stopping signal to another.",
    "T1489",
  ),
  process_ptrace: kind(
    "process",
    "high",
    "Process traced",
    "A process attached to or wrote into another through ptrace.",
    "T1055.008",
  ),
  process_vm_write: kind(
    "process",
    "high",
    "Memory of another process written",
    "process_vm_writev was used on another process.",
    "T1055",
  ),
  memfd_create: kind(
    "process",
    "info",
    "Anonymous file created",
    "memfd_create made a file that exists in memory only.",
    "T1620",
  ),
  memory_exec: kind(
    "process",
    "info",
    "Writable and executable memory",
    "Memory was mapped or changed to be writable and executable at once.",
    "T1055",
  ),
  process_rename: kind(
    "process",
    "info",
    "Process renamed itself",
    "A process changed its own name (prctl PR_SET_NAME).",
    "T1036.005",
  ),
  seccomp_set: kind("process", "info", "System call filter set", "A process confined itself with seccomp."),
  file_open: kind("file", "info", "Watched file opened", "A file of the watched set was opened for reading.", "T1083"),
  file_write: kind(
    "file",
    "critical",
    "Watched file opened for writing",
    "A credential, persistence, binary, library or kernel file was opened for writing.",
    "T1565.001",
  ),
  file_delete: kind("file", "high", "Watched file removed", "A file of the watched set was unlinked.", "T1070.004"),
  file_rename: kind("file", "high", "Watched file renamed", "A file was renamed from or onto a watched path.", "T1036"),
  file_link: kind(
    "file",
    "high",
    "Link made to a watched path",
    "A symbolic or hard link was made at or to a watched path.",
    "T1574",
  ),
  file_chmod: kind(
    "file",
    "warning",
    "Mode of a watched file changed",
    "The permission bits of a watched file were changed.",
    "T1222.002",
  ),
  file_chown: kind(
    "file",
    "warning",
    "Owner of a watched file changed",
    "The owner of a watched file was changed.",
    "T1222.002",
  ),
  file_xattr: kind(
    "file",
    "warning",
    "Attribute of a watched file changed",
    "An extended attribute of a watched file was set.",
    "T1222.002",
  ),
  lsm_file_open: kind(
    "file",
    "info",
    "File at the security hook",
    "The kernel's security hook was asked whether a file that a policy watches may be opened; the path is the file's own.",
    "T1083",
  ),
  network_connect: kind("network", "info", "Outbound connection", "A process opened a TCP connection.", "T1071"),
  network_connect_failed: kind(
    "network",
    "info",
    "Outbound connection failed",
    "A TCP connection could not be opened.",
    "T1046",
  ),
  network_accept: kind("network", "info", "Inbound connection", "A process accepted a TCP connection."),
  network_close: kind("network", "info", "Connection closed", "A TCP connection ended; bytes and duration are given."),
  network_listen: kind("network", "info", "Listening socket", "A process began to listen.", "T1571"),
  network_udp: kind("network", "info", "UDP traffic", "A process sent a datagram to a new peer."),
  raw_socket: kind(
    "network",
    "high",
    "Raw or packet socket",
    "A process opened a socket that sees or makes packets below TCP and UDP.",
    "T1040",
  ),
  dns_query: kind("dns", "info", "DNS query", "A process asked for a name.", "T1071.004"),
  dns_response: kind("dns", "info", "DNS answer", "A process received the answer for a name."),
  setuid: kind("privilege", "high", "User id changed", "A process changed its user id.", "T1548.001"),
  setgid: kind("privilege", "warning", "Group id changed", "A process changed its group id.", "T1548.001"),
  lsm_setuid: kind(
    "privilege",
    "high",
    "User ids at the security hook",
    "The kernel's security hook saw a task's user ids change.",
    "T1548.001",
  ),
  capset: kind("privilege", "warning", "Capabilities changed", "A process changed its capability sets.", "T1548"),
  namespace_change: kind(
    "privilege",
    "warning",
    "Namespace changed",
    "A process entered or made a namespace (setns, unshare).",
    "T1611",
  ),
  keyring_use: kind(
    "privilege",
    "warning",
    "Kernel keyring used",
    "A process read or searched keys the kernel keeps.",
    "T1552",
  ),
  chroot: kind("privilege", "warning", "Root directory changed", "A process used chroot or pivot_root.", "T1611"),
  mount: kind("kernel", "warning", "File system mounted", "A file system was mounted or unmounted.", "T1611"),
  kernel_module: kind("kernel", "critical", "Kernel module", "A kernel module was loaded or removed.", "T1547.006"),
  bpf_use: kind("kernel", "warning", "bpf() used", "A process loaded a BPF program or changed a BPF map.", "T1014"),
  kmod_file_read: kind(
    "kernel",
    "high",
    "Module file read by the kernel",
    "The kernel read a file in order to load it as a module.",
    "T1547.006",
  ),
  lsm_kernel_read: kind(
    "kernel",
    "warning",
    "File read by the kernel",
    "The kernel read a file for itself: a kernel image to start, or something else it takes from disk.",
    "T1014",
  ),
  io_uring_setup: kind(
    "kernel",
    "warning",
    "io_uring set up",
    "A process made an io_uring: a way to make system calls that hooks on system calls do not see.",
    "T1562.001",
  ),
  clock_change: kind(
    "kernel",
    "high",
    "Clock changed",
    "A process set the system's clock, or how fast it runs.",
    "T1070.006",
  ),
  policy_match: kind("kernel", "warning", "Policy matched", "A hook of a loaded TracingPolicy matched."),
  engine_loss: kind(
    "engine",
    "warning",
    "Events lost",
    "Events were lost before they could be read; count, cause and time range are given.",
  ),
  engine_start: kind("engine", "info", "Engine started", "The kernel engine started; its backends are given."),
  engine_stop: kind(
    "engine",
    "warning",
    "Engine stopped",
    "The kernel engine ended. The host is blind until it is back, unless the kernel keeps what happens meanwhile.",
  ),
  policy_off: kind(
    "engine",
    "high",
    "Policy switched off",
    "A policy cost more than it may and switched itself off: until its file changes it watches and stops nothing.",
    "T1562.001",
  ),
  engine_tamper: kind(
    "engine",
    "critical",
    "Engine tampered with",
    "Another process changed the engine's own BPF programs or maps (critical), or opened them (warning).",
    "T1562.001",
  ),
} as const satisfies Record<string, KindInfo>;

export type EventKind = keyof typeof KINDS;

export const EVENT_KINDS = Object.keys(KINDS) as readonly EventKind[];

/** True when `value` names a kind of the table. */
export function isEventKind(value: string): value is EventKind {
  return Object.hasOwn(KINDS, value);
}
