import type { Network } from "../model-filter.ts";

/** Reads an IPv4 or IPv6 address, or a CIDR; host bits are cleared. Undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  if (text.length > 64) return undefined;
  const [address, bits, more] = text.split("/", 3);
  if (address === undefined || more !== undefined) return undefined;
  const bytes = parseIpv4(address) ?? parseIpv6(address);
  if (bytes === undefined) return undefined;
  const width = bytes.length * 8;
  const prefixBits = bits === undefined ? width : /^(0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : -1;
  if (prefixBits < 0 || prefixBits > width) return undefined;
  return { family: width === 32 ? 4 : 6, bytes: clearHostBits(bytes, prefixBits), prefixBits };
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  // No leading zeros: some readers take them for octal.
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

/** Bytes of `a:b:c`; the last group may be an IPv4 address where `isEnd`. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const ipv4 = isEnd && index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes;
}

function clearHostBits(bytes: Uint8Array, prefixBits: number): Uint8Array {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefixBits - index * 8));
    return byte & (0xff << (8 - kept));
  });
}
