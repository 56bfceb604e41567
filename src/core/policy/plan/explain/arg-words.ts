import type { PlanArg, PlanHook } from "../plan.ts";
import { argAt } from "../value-text.ts";
import { knownArg } from "./known-args.ts";

const NOUNS: Readonly<Partial<Record<PlanArg["type"], string>>> = {
  nop: "value",
  auto: "value",
  char_buf: "data",
  char_iovec: "data",
  const_buf: "data",
  string: "text",
  filename: "file name",
  fd: "file",
  file: "file",
  path: "path",
  dentry: "file",
  kiocb: "file",
  iov_iter: "data",
  linux_binprm: "program",
  skb: "packet",
  sock: "socket",
  socket: "socket",
  sockaddr: "address",
  sockaddr_un: "Unix address",
  net_device: "network device",
  cred: "credentials",
  user_namespace: "user namespace",
  capability: "capability",
  kernel_cap_t: "capability set",
  cap_inheritable: "inheritable set",
  cap_permitted: "permitted set",
  cap_effective: "effective set",
  bpf_attr: "BPF request",
  bpf_cmd: "BPF command",
  bpf_map: "BPF map",
  bpf_prog: "BPF program",
  perf_event: "perf event",
  load_info: "module",
  module: "module",
  syscall64: "system call",
};

/** What an argument is called: its label, else what is known of the call, else what its type is; and where it comes from. */
export function argWords(arg: PlanArg, hook: PlanHook): string {
  const noun = NOUNS[arg.type] ?? "number";
  const named = arg.label === "" ? undefined : `"${arg.label}"`;
  if (arg.source === "return") return named === undefined ? "the return value" : `${named} (the return value)`;
  if (arg.source === "current_task") return `${named ?? `the ${noun}`} (${arg.resolve} of the task)`;
  if (arg.source === "pt_regs") return `${named ?? `the ${noun}`} (register ${arg.resolve})`;
  const where = `${hook.kind === "tracepoint" ? "field" : "argument"} ${arg.index}`;
  if (arg.resolve !== "") return `${named ?? `the ${noun}`} (${arg.resolve} of ${where})`;
  return `${named ?? `the ${knownArg(hook, arg.index) ?? noun}`} (${where})`;
}

/** The same for a filter's position. */
export function positionWords(hook: PlanHook, position: number): string {
  const arg = argAt(hook, position);
  return arg ? argWords(arg, hook) : `argument ${position}`;
}
