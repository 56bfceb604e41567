/** Every type an argument may be declared as, in the order of the format's own list. */
export const ARG_TYPES = [
  "auto",
  "int",
  "sint8",
  "int8",
  "uint8",
  "sint16",
  "int16",
  "uint16",
  "uint32",
  "sint32",
  "int32",
  "ulong",
  "uint64",
  "size_t",
  "long",
  "sint64",
  "int64",
  "char_buf",
  "char_iovec",
  "skb",
  "sock",
  "sockaddr",
  "socket",
  "sockaddr_un",
  "string",
  "fd",
  "file",
  "filename",
  "path",
  "nop",
  "bpf_attr",
  "perf_event",
  "bpf_map",
  "user_namespace",
  "capability",
  "kiocb",
  "iov_iter",
  "cred",
  "const_buf",
  "load_info",
  "module",
  "syscall64",
  "kernel_cap_t",
  "cap_inheritable",
  "cap_permitted",
  "cap_effective",
  "linux_binprm",
  "data_loc",
  "net_device",
  "bpf_cmd",
  "dentry",
  "bpf_prog",
] as const;

export type ArgType = (typeof ARG_TYPES)[number];

export interface IntShape {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

const INT_SHAPES: Partial<Record<ArgType, IntShape>> = {
  int: { bits: 32, signed: true },
  sint8: { bits: 8, signed: true },
  int8: { bits: 8, signed: true },
  uint8: { bits: 8, signed: false },
  sint16: { bits: 16, signed: true },
  int16: { bits: 16, signed: true },
  uint16: { bits: 16, signed: false },
  uint32: { bits: 32, signed: false },
  sint32: { bits: 32, signed: true },
  int32: { bits: 32, signed: true },
  ulong: { bits: 64, signed: false },
  uint64: { bits: 64, signed: false },
  size_t: { bits: 64, signed: false },
  long: { bits: 64, signed: true },
  sint64: { bits: 64, signed: true },
  int64: { bits: 64, signed: true },
  syscall64: { bits: 64, signed: true },
  bpf_cmd: { bits: 32, signed: true },
  capability: { bits: 32, signed: true },
};

/** Width and sign of an integer type; undefined for any other. */
export function intShape(type: ArgType): IntShape | undefined {
  return INT_SHAPES[type];
}

/** What a filter can compare a value by; "none": only reported. */
export type ValueClass = "int" | "capabilities" | "text" | "socket" | "auto" | "none";

const TEXT_TYPES: ReadonlySet<ArgType> = new Set([
  "char_buf",
  "char_iovec",
  "string",
  "fd",
  "file",
  "filename",
  "path",
  "kiocb",
  "iov_iter",
  "const_buf",
  "linux_binprm",
  "data_loc",
  "net_device",
  "dentry",
  "sockaddr_un",
]);
const SOCKET_TYPES: ReadonlySet<ArgType> = new Set(["sock", "skb", "sockaddr", "socket"]);
const CAPABILITY_SETS: ReadonlySet<ArgType> = new Set([
  "kernel_cap_t",
  "cap_inheritable",
  "cap_permitted",
  "cap_effective",
]);

export function valueClass(type: ArgType): ValueClass {
  if (type === "auto") return "auto";
  if (INT_SHAPES[type] !== undefined) return "int";
  if (CAPABILITY_SETS.has(type)) return "capabilities";
  if (SOCKET_TYPES.has(type)) return "socket";
  return TEXT_TYPES.has(type) ? "text" : "none";
}
