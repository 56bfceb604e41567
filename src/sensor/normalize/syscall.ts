import type { Args } from "./args.ts";
import type { Finding } from "./draft.ts";
import { clip } from "./fields.ts";
import { SIGNALS } from "./number-words.ts";
import { isContainerRuntime } from "./programs.ts";

const PR_SET_NAME = 15;
const PTRACE_TRACEME = 0;

type Reader = (args: Args, binary: string) => Finding;

const word = (args: Args, index: number): string => args.text(index) ?? String(args.number(index) ?? "?");
const signal = (number: number | undefined): string =>
  number === undefined ? "a signal" : (SIGNALS[number] ?? `signal ${number}`);
const byRuntime = (binary: string): "info" | undefined => (isContainerRuntime(binary) ? "info" : undefined);

function kernelModule(did: string): Finding {
  return { kind: "kernel_module", did };
}

const READERS: Readonly<Record<string, Reader>> = {
  ptrace: (a) => {
    const request = a.number(0);
    if (request === PTRACE_TRACEME)
      return { kind: "process_ptrace", severity: "info", did: "let itself be traced by its parent" };
    return { kind: "process_ptrace", did: `used ptrace (request ${word(a, 0)}) on process ${word(a, 1)}` };
  },
  process_vm_writev: (a) => ({ kind: "process_vm_write", did: `wrote into the memory of process ${word(a, 0)}` }),
  mount: (a, b) => ({
    kind: "mount",
    severity: byRuntime(b),
    did: `mounted ${word(a, 0)} at ${word(a, 1)} (${word(a, 2)})`,
  }),
  umount2: (a, b) => ({ kind: "mount", severity: byRuntime(b), did: `unmounted ${word(a, 0)}` }),
  pivot_root: (a, b) => ({
    kind: "chroot",
    severity: byRuntime(b),
    did: `moved its root file system to ${word(a, 0)}`,
  }),
  chroot: (a, b) => ({ kind: "chroot", severity: byRuntime(b), did: `changed its root directory to ${word(a, 0)}` }),
  setns: (a, b) => ({
    kind: "namespace_change",
    severity: byRuntime(b),
    did: `entered another namespace (descriptor ${word(a, 0)}, type ${word(a, 1)})`,
  }),
  unshare: (a, b) => ({
    kind: "namespace_change",
    severity: byRuntime(b),
    did: `made itself new namespaces (flags ${word(a, 0)})`,
  }),
  bpf: (a) => ({ kind: "bpf_use", did: `used bpf() (command ${word(a, 0)})` }),
  memfd_create: (a, b) => ({
    kind: "memfd_create",
    severity: byRuntime(b),
    did: `made a file in memory named "${word(a, 0)}"`,
  }),
  kill: (a) => ({ kind: "process_signal", did: `sent ${signal(a.number(1))} to process ${word(a, 0)}` }),
  tgkill: (a) => ({
    kind: "process_signal",
    did: `sent ${signal(a.number(2))} to thread ${word(a, 1)} of process ${word(a, 0)}`,
  }),
  prctl: (a) =>
    a.number(0) === PR_SET_NAME || a.text(1) !== undefined
      ? { kind: "process_rename", did: `renamed itself to "${word(a, 1)}"` }
      : { kind: "seccomp_set", did: "confined its system calls (seccomp)" },
  seccomp: () => ({ kind: "seccomp_set", did: "confined its system calls (seccomp)" }),
  capset: (_a, b) => ({ kind: "capset", severity: byRuntime(b), did: "changed its capabilities" }),
  init_module: () => kernelModule("loaded a kernel module from memory"),
  finit_module: (a) => kernelModule(`loaded a kernel module (descriptor ${word(a, 0)})`),
  delete_module: (a) => kernelModule(`removed the kernel module ${word(a, 0)}`),
  mprotect: () => ({ kind: "memory_exec", did: "made memory writable and executable" }),
  mmap: () => ({ kind: "memory_exec", did: "mapped memory that is writable and executable" }),
};

/** A system call of the fixed set; undefined when the function is not in it. */
export function syscallFinding(name: string, args: Args, binary: string): Finding | undefined {
  if (!Object.hasOwn(READERS, name)) return undefined;
  const found = READERS[name]!(args, binary);
  const detail: Record<string, string> = {};
  args.texts().forEach((text, i) => (detail[`text${i}`] = clip(text, 4096)));
  args.numbers().forEach((number, i) => (detail[`number${i}`] = String(number)));
  return {
    ...found,
    ...(Object.keys(detail).length > 0 ? { detail } : {}),
    did: `${found.did}${args.outcome}`,
    severity: args.failed && found.severity === undefined ? "info" : found.severity,
  };
}
