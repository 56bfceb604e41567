import type { DnsSection, NetworkSection } from "../../core/event/sections.ts";
import type { Args } from "./args.ts";
import type { Finding } from "./draft.ts";
import { clip, countOf, defined, listOf, objectOf, textOf, type Json } from "./fields.ts";
import type { EngineLine } from "./line.ts";

const PORT_MAX = 65535;

function familyOf(text: string): NetworkSection["family"] {
  if (text.endsWith("INET6")) return "inet6";
  if (text.endsWith("INET")) return "inet";
  return text.endsWith("UNIX") ? "unix" : "other";
}

function protocolOf(sock: Json): NetworkSection["protocol"] {
  const text = (textOf(sock["protocol"], 32) ?? "").toUpperCase();
  if (text.endsWith("UDP")) return "udp";
  if (text.endsWith("SCTP")) return "sctp";
  if (text.endsWith("TCP") || sock["type"] === "SOCK_STREAM") return "tcp";
  return "other";
}

/** An IPv4 address carried in IPv6, as IPv4: one host has one name in every query. */
export function plainAddress(addr: string): string {
  return /^::ffff:\d{1,3}(\.\d{1,3}){3}$/i.test(addr) ? addr.slice(7) : addr;
}

/** The socket of a hook, seen from this host: `saddr` is ours. */
export function networkOf(line: EngineLine, sock: Json, direction: NetworkSection["direction"]): NetworkSection {
  const { telovix } = line;
  const durationNs = countOf(telovix["duration_ns"]);
  const address = (value: unknown): string | undefined => {
    const text = textOf(value, 108);
    return text ? plainAddress(text) : undefined;
  };
  return defined({
    family: familyOf(textOf(sock["family"], 32) ?? ""),
    protocol: protocolOf(sock),
    direction,
    local_addr: address(sock["saddr"]),
    local_port: countOf(sock["sport"], PORT_MAX),
    remote_addr: address(sock["daddr"]),
    remote_port: countOf(sock["dport"], PORT_MAX),
    bytes_sent: countOf(telovix["bytes_sent"]),
    bytes_received: countOf(telovix["bytes_received"]),
    duration_us: durationNs === undefined ? undefined : Math.floor(durationNs / 1000),
  });
}

/** The address a policy's hook was given: `local` by its label, or else the peer's. */
export function addressOf(at: Json, label: string | undefined): NetworkSection {
  const path = textOf(at["path"], 108);
  const addr = path ?? textOf(at["addr"], 108);
  const family = path === undefined ? familyOf(textOf(at["family"], 32) ?? "") : "unix";
  const port = countOf(at["port"], PORT_MAX);
  const isLocal = label === "local";
  return defined({
    family,
    protocol: "other" as const,
    direction: isLocal ? ("inbound" as const) : ("outbound" as const),
    [isLocal ? "local_addr" : "remote_addr"]: addr === undefined ? undefined : plainAddress(addr),
    [isLocal ? "local_port" : "remote_port"]: port,
  });
}

export function endpoint(addr: string | undefined, port: number | undefined): string {
  const host = addr === undefined ? "an unknown address" : addr.includes(":") ? `[${addr}]` : addr;
  return port === undefined ? host : `${host}:${port}`;
}

export function connectFinding(line: EngineLine, args: Args): Finding {
  const network = networkOf(line, args.sock(), "outbound");
  const to = endpoint(network.remote_addr, network.remote_port);
  // EINPROGRESS (115): a non-blocking connect that is under way.
  if (args.failed && args.result !== -115)
    return { kind: "network_connect_failed", network, did: `could not connect to ${to} (errno ${-args.result!})` };
  return { kind: "network_connect", network, did: `connected to ${to}` };
}

export function acceptFinding(line: EngineLine, args: Args): Finding {
  const network = networkOf(line, args.sock(), "inbound");
  const from = endpoint(network.remote_addr, network.remote_port);
  return {
    kind: "network_accept",
    network,
    did: `accepted a connection from ${from} on port ${network.local_port ?? "?"}`,
  };
}

export function closeFinding(line: EngineLine, args: Args): Finding {
  const told = line.telovix["direction"];
  const direction = told === "inbound" || told === "outbound" ? told : undefined;
  const network = networkOf(line, args.sock(), direction);
  const peer = endpoint(network.remote_addr, network.remote_port);
  const bytes =
    network.bytes_sent === undefined
      ? ""
      : `: ${network.bytes_sent} bytes sent, ${network.bytes_received ?? 0} received`;
  return { kind: "network_close", network, did: `closed a connection with ${peer}${bytes}` };
}

export function udpFinding(line: EngineLine, args: Args): Finding {
  const network: NetworkSection = { ...networkOf(line, args.sock(), "outbound"), protocol: "udp" };
  return {
    kind: "network_udp",
    network,
    did: `sent a datagram to ${endpoint(network.remote_addr, network.remote_port)}`,
  };
}

export function listenFinding(line: EngineLine, args: Args): Finding {
  const { remote_addr: _addr, remote_port: _port, ...network } = networkOf(line, args.sock(), "inbound");
  return {
    kind: "network_listen",
    network,
    did: `began to listen on ${endpoint(network.local_addr, network.local_port)}`,
  };
}

const RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

function rcodeOf(value: unknown): string | undefined {
  const number = countOf(value, 4095);
  return number === undefined ? textOf(value, 16) : (RCODES[number] ?? String(number));
}

function dnsOf(value: Json): DnsSection {
  const question = objectOf(listOf(value["questions"])[0]);
  const answers = listOf(value["answers"])
    .slice(0, 64)
    .map((entry) => {
      const a = objectOf(entry);
      return {
        name: textOf(a["name"], 255) ?? "",
        type: textOf(a["type"], 16) ?? "",
        ttl: countOf(a["ttl"]) ?? 0,
        data: textOf(a["data"], 512) ?? "",
      };
    });
  return defined({
    id: countOf(value["id"], 65535),
    query: textOf(question["name"], 255) ?? "",
    qtype: textOf(question["type"], 16) ?? "",
    rcode: rcodeOf(value["rcode"]),
    answers,
    truncated: value["truncated"] === true ? true : undefined,
    malformed: value["malformed"] === true ? true : undefined,
  });
}

export function dnsFinding(line: EngineLine, args: Args, kind: "dns_query" | "dns_response"): Finding {
  const dns = dnsOf(objectOf(line.telovix["dns"]));
  const network = networkOf(line, args.sock(), kind === "dns_query" ? "outbound" : "inbound");
  const name = dns.query || "a name";
  const data = clip(dns.answers.map((a) => a.data).join(", "), 512);
  const did =
    kind === "dns_query"
      ? `asked for ${name} (${dns.qtype || "?"})`
      : `got the answer for ${name} (${dns.qtype || "?"}): ${data || dns.rcode || "nothing"}`;
  return { kind, dns, network, did: dns.malformed ? `${did}; the packet is malformed` : did };
}
