/** Places for sockets, packets and addresses. */
import { type JsonObject } from "../case.ts";
import { arg } from "../spec.ts";
import type { Way } from "./operators.ts";
import { FUNCTION, SECURITY, TRAMPOLINE, fe, kp, ls, on, raw, sys, tp, up, us, type Site } from "./site.ts";

const connect = (w: Way): (string | number)[] => ["connect", w.daddr, w.dport, w.saddr, w.sport];
const udp = (w: Way): (string | number)[] => ["udp", w.daddr, w.dport, w.saddr, w.sport, 20];
const listen = (w: Way): (string | number)[] => ["listen", w.saddr, w.sport, 5];
const family = (w: Way): string => (w.daddr.includes(":") ? "AF_INET6" : "AF_INET");
const sock = (w: Way): JsonObject => ({
  sock_arg: {
    family: family(w),
    saddr: w.saddr,
    daddr: w.daddr,
    sport: w.sport,
    dport: w.dport,
    protocol: "IPPROTO_TCP",
  },
});
const own = (w: Way): JsonObject => ({
  sock_arg: { family: w.saddr.includes(":") ? "AF_INET6" : "AF_INET", saddr: w.saddr, sport: w.sport },
});
const peer = (w: Way): JsonObject => ({ sockaddr_arg: { family: family(w), addr: w.daddr, port: w.dport } });
const accept = (w: Way): (string | number)[] => ["accept", w.daddr, w.dport, w.saddr, w.sport];
const userAddress = (w: Way): (string | number)[] => ["user-address", w.saddr, w.sport];
const address = (w: Way): JsonObject => ({
  sockaddr_arg: { family: w.saddr.includes(":") ? "AF_INET6" : "AF_INET", addr: w.saddr, port: w.sport },
});
/** A sockaddr has one address, which the format calls its source. */
const asSource = (w: Way): Way => ({ ...w, daddr: w.saddr, dport: w.sport, saddr: w.daddr, sport: 0 });

export interface SocketSite extends Site<Way> {
  readonly can: { destination: boolean; source: boolean; protocol?: string; state?: string; v6?: boolean };
}

/** Of an address alone. */
const ONE = { destination: false, source: true };
const TCP = { destination: true, source: true, protocol: "IPPROTO_TCP" };
export const socketSites: SocketSite[] = [
  {
    ...on("kprobe", kp("tcp_connect"), "sock", arg(0, "sock"), FUNCTION, connect, sock),
    can: { ...TCP, state: "TCP_SYN_SENT" },
  },
  {
    ...on("kprobe", kp("ip_send_skb"), "packet", arg(1, "skb"), FUNCTION, udp, (w) => ({
      skb_arg: { saddr: w.saddr, daddr: w.daddr, sport: w.sport, dport: w.dport, protocol: "IPPROTO_UDP" },
    })),
    can: { destination: true, source: true, protocol: "IPPROTO_UDP", v6: false },
  },
  {
    ...on("kprobe", kp("inet_listen"), "socket", arg(0, "socket"), FUNCTION, listen, own),
    can: { destination: false, source: true, protocol: "IPPROTO_TCP", state: "TCP_CLOSE" },
  },
  {
    ...on(
      "kprobe",
      kp("inet_stream_connect"),
      "address",
      arg(1, "sockaddr"),
      FUNCTION,
      (w) => connect(asSource(w)),
      (w) => peer(asSource(w)),
    ),
    can: ONE,
  },
  {
    ...on(
      "syscall",
      sys("sys_connect"),
      "address",
      arg(1, "sockaddr"),
      "",
      (w) => connect(asSource(w)),
      (w) => peer(asSource(w)),
    ),
    can: ONE,
  },
  {
    ...on("fentry", fe("tcp_connect"), "sock", arg(0, "sock"), TRAMPOLINE, connect, sock),
    can: { ...TCP, state: "TCP_SYN_SENT" },
  },
  {
    ...on(
      "lsm",
      ls("socket_connect"),
      "address",
      arg(1, "sockaddr"),
      SECURITY,
      (w) => connect(asSource(w)),
      (w) => peer(asSource(w)),
    ),
    can: ONE,
  },
  {
    ...on(
      "lsm",
      ls("socket_getpeername"),
      "peer",
      arg(0, "socket"),
      SECURITY,
      (w) => ["peer", w.daddr, w.dport, w.saddr, w.sport],
      (w) => ({ sock_arg: { saddr: w.saddr, daddr: w.daddr, sport: w.sport, dport: w.dport } }),
    ),
    can: { destination: true, source: true, protocol: "IPPROTO_UDP", state: "TCP_ESTABLISHED" },
  },
  {
    ...on("lsm", ls("socket_listen"), "socket", arg(0, "socket"), SECURITY, listen, own),
    can: { destination: false, source: true, protocol: "IPPROTO_TCP", state: "TCP_CLOSE" },
  },
  {
    ...on("raw tracepoint", raw("sock/inet_sock_set_state"), "sock", arg(0, "sock"), "", connect, sock, {
      among: true,
    }),
    can: { ...TCP, state: "TCP_CLOSE" },
  },
  {
    ...on("tracepoint", tp("sock/inet_sock_set_state"), "sock", arg(4, "sock"), "tracepoint", connect, sock, {
      among: true,
      filterIndex: 0,
    }),
    can: { ...TCP, state: "TCP_CLOSE" },
  },
  {
    ...on(
      "uprobe",
      up("tx_user_address"),
      "address",
      arg(0, "sockaddr"),
      "uprobe",
      userAddress,
      address,
    ),
    can: ONE,
  },
  {
    ...on(
      "usdt",
      us("address"),
      "address",
      arg(0, "sockaddr"),
      "uprobe",
      (w) => ["usdt-address", w.saddr, w.sport],
      address,
    ),
    can: ONE,
  },
];

/** The socket or address is what the hook returns. */
export const socketReturnSites: SocketSite[] = [
  {
    ...on("kretprobe", kp("inet_csk_accept"), "sock", arg(0, "sock"), FUNCTION, accept, sock),
    can: { ...TCP, state: "TCP_ESTABLISHED" },
  },
  {
    ...on("fexit", fe("inet_csk_accept"), "sock", arg(0, "sock"), TRAMPOLINE, accept, sock),
    can: { ...TCP, state: "TCP_ESTABLISHED" },
  },
  {
    ...on(
      "uretprobe",
      up("tx_user_address"),
      "address",
      arg(0, "sockaddr"),
      "uprobe",
      userAddress,
      address,
    ),
    can: ONE,
  },
];
