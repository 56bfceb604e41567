/** One socket of /proc/net/{tcp,tcp6,udp,udp6}. */
export interface ProcSocket {
  readonly localAddr: string;
  readonly localPort: number;
  readonly remoteAddr: string;
  readonly remotePort: number;
  readonly state: string;
  readonly uid: number;
  readonly inode: string;
}

const TCP_STATES: Readonly<Record<string, string>> = {
  "01": "ESTABLISHED",
  "02": "SYN_SENT",
  "03": "SYN_RECV",
  "04": "FIN_WAIT1",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "07": "CLOSE",
  "08": "CLOSE_WAIT",
  "09": "LAST_ACK",
  "0A": "LISTEN",
  "0B": "CLOSING",
  "0C": "NEW_SYN_RECV",
};

/** An address as the kernel prints it: 32-bit words of the machine's byte order (little-endian here), in hex. */
export function parseAddress(hex: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8)
    for (let i = 6; i >= 0; i -= 2) bytes.push(Number.parseInt(hex.slice(word + i, word + i + 2), 16));
  if (bytes.length === 4) return bytes.join(".");
  // IPv4 inside IPv6 is shown as IPv4, as everywhere else.
  if (bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255)
    return bytes.slice(12).join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return compress(groups);
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function compress(groups: readonly string[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  if (best.at < 0) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

/** Sockets of one table, at most `max`; `leftOut` counts the rest. */
export function parseProcNet(text: string, max: number): { sockets: ProcSocket[]; leftOut: number } {
  const sockets: ProcSocket[] = [];
  let leftOut = 0;
  for (const line of text.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [localAddr, localPort] = (fields[1] ?? "").split(":");
    const [remoteAddr, remotePort] = (fields[2] ?? "").split(":");
    if (!localAddr || !localPort || !remoteAddr || !remotePort || fields.length < 10) continue;
    if (sockets.length >= max) {
      leftOut++;
      continue;
    }
    sockets.push({
      localAddr: parseAddress(localAddr),
      localPort: Number.parseInt(localPort, 16),
      remoteAddr: parseAddress(remoteAddr),
      remotePort: Number.parseInt(remotePort, 16),
      state: TCP_STATES[fields[3]!.toUpperCase()] ?? fields[3]!.slice(0, 16),
      uid: Number(fields[7]) || 0,
      inode: fields[9]!,
    });
  }
  return { sockets, leftOut };
}
