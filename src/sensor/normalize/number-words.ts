/** Names of numbers that arguments of policies' calls have, by the label the packs give them. */
const FAMILIES: Readonly<Record<number, string>> = {
  1: "AF_UNIX",
  2: "AF_INET",
  10: "AF_INET6",
  16: "AF_NETLINK",
  17: "AF_PACKET",
};
const SOCKETS: Readonly<Record<number, string>> = {
  1: "SOCK_STREAM",
  2: "SOCK_DGRAM",
  3: "SOCK_RAW",
  10: "SOCK_PACKET",
};
const SOCKET_TYPE_MASK = 0xf;
const PTRACE: Readonly<Record<number, string>> = {
  4: "PTRACE_POKETEXT",
  5: "PTRACE_POKEDATA",
  6: "PTRACE_POKEUSR",
  13: "PTRACE_SETREGS",
  16: "PTRACE_ATTACH",
  16_902: "PTRACE_SEIZE",
};
const BPF: Readonly<Record<number, string>> = {
  0: "BPF_MAP_CREATE",
  5: "BPF_PROG_LOAD",
  8: "BPF_PROG_ATTACH",
  28: "BPF_LINK_CREATE",
};
export const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  6: "SIGABRT",
  9: "SIGKILL",
  10: "SIGUSR1",
  12: "SIGUSR2",
  15: "SIGTERM",
  18: "SIGCONT",
  19: "SIGSTOP",
};

function protection(bits: number): string {
  return ["r", "w", "x"].map((letter, i) => (bits & (1 << i) ? letter : "-")).join("");
}

/** The number in words, where they say more; else the number. */
export function numberWord(hook: string, label: string, value: string): string {
  const number = Number(value);
  switch (label) {
    case "family":
      return FAMILIES[number] ?? value;
    case "type":
      return hook === "sys_socket" ? (SOCKETS[number & SOCKET_TYPE_MASK] ?? value) : value;
    case "request":
      return hook === "sys_ptrace" ? (PTRACE[number] ?? value) : value;
    case "command":
      return hook === "sys_bpf" ? (BPF[number] ?? value) : value;
    case "signal":
      return SIGNALS[number] ?? value;
    case "protection":
      return protection(number);
    default:
      return value;
  }
}
