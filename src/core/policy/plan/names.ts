/*
 * The enumerations and flags of native/include/plan.h, by their C names in lower case without prefix, in C's order.
 * layout.test.ts reads plan.h and compares.
 */

export const MODES = ["default", "monitor", "enforce"] as const;
export const OVERRIDE_METHODS = ["any", "fmod_ret", "return"] as const;

export const POLICY_FLAGS = {
  namespaced: 0x01,
  no_kprobe_multi: 0x02,
  no_uprobe_multi: 0x04,
  loader: 0x08,
  host: 0x10,
  workload: 0x20,
} as const;

export const HOOK_KINDS = ["kprobe", "fentry", "lsm", "tracepoint", "raw_tracepoint", "uprobe", "usdt"] as const;

export const HOOK_FLAGS = {
  syscall: 0x01,
  i386: 0x02,
  return: 0x04,
  ignore_missing: 0x08,
  generated_syscalls: 0x10,
  generated_ftrace: 0x20,
  offset: 0x40,
  address: 0x80,
  enforcer: 0x100,
  ignore_digest: 0x200,
  uretprobe: 0x400,
  loader: 0x800,
} as const;

export const PLAN_ARG_TYPES = [
  "nop",
  "auto",
  "int",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "uint32",
  "int32",
  "uint64",
  "int64",
  "size",
  "char_buf",
  "char_iovec",
  "const_buf",
  "string",
  "filename",
  "fd",
  "file",
  "path",
  "dentry",
  "kiocb",
  "iov_iter",
  "linux_binprm",
  "skb",
  "sock",
  "socket",
  "sockaddr",
  "sockaddr_un",
  "net_device",
  "cred",
  "user_namespace",
  "capability",
  "kernel_cap_t",
  "cap_inheritable",
  "cap_permitted",
  "cap_effective",
  "bpf_attr",
  "bpf_cmd",
  "bpf_map",
  "bpf_prog",
  "perf_event",
  "load_info",
  "module",
  "syscall64",
  "data_loc",
] as const;

export const ARG_SOURCES = ["arg", "return", "current_task", "pt_regs"] as const;
export const ARG_FLAGS = { return_copy: 0x01, max_data: 0x02, data: 0x04 } as const;

/** Of filters that look at an argument; the numbers of the others follow theirs. */
export const ARG_FILTER_KINDS = [
  "int_equal",
  "int_range",
  "int_mask",
  "str_equal",
  "str_prefix",
  "str_postfix",
  "str_substring",
  "str_substring_nocase",
  "saddr",
  "daddr",
  "sport",
  "dport",
  "protocol",
  "family",
  "state",
  "file_type",
  "caps_gained",
] as const;

export const FILTER_KINDS = [
  ...ARG_FILTER_KINDS,
  "pid",
  "binary_equal",
  "binary_prefix",
  "binary_postfix",
  "namespace",
  "namespace_change",
  "capability",
  "capability_change",
  "expression",
  "workload",
] as const;

export const FILTER_FLAGS = { not: 0x01, follow: 0x02, namespace_pid: 0x04, parent: 0x08, in_namespace: 0x10 } as const;

export const CAP_SETS = ["effective", "inheritable", "permitted"] as const;

/** enum tx_ns of native/include/events.h, by the names of /proc/PID/ns. */
export const NAMESPACES = [
  "uts",
  "ipc",
  "mnt",
  "pid",
  "pid_for_children",
  "net",
  "time",
  "time_for_children",
  "cgroup",
  "user",
] as const;

export const CODE_OPS = [
  "const",
  "arg",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "not",
  "logic_not",
  "eq",
  "ne",
  "lt_s",
  "le_s",
  "lt_u",
  "le_u",
  "int32",
  "uint32",
  "logic_and",
  "logic_or",
] as const;

export const ACTION_KINDS = [
  "post",
  "no_post",
  "sigkill",
  "signal",
  "override",
  "notify_enforcer",
  "cleanup_enforcer",
  "get_url",
  "dns_lookup",
  "track_sock",
  "untrack_sock",
  "set",
] as const;

/** enum tx_plan_action_kind, of which a hook's return_action may be: none, or one of the two about sockets. */
export const RETURN_ACTIONS = ["none", ...ACTION_KINDS] as const;

export const RATE_SCOPES = ["thread", "process", "global"] as const;
export const ACTION_FLAGS = { kernel_stack: 0x01, user_stack: 0x02, ima_hash: 0x04, regs: 0x08 } as const;
