/** Address families by number: the place in the list. A blank has no name here. */
const FAMILIES =
  "UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP".split(
    " ",
  );

const STATES =
  "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV".split(
    " ",
  );

const PROTOCOLS: Readonly<Record<string, number>> = {
  IP: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  EGP: 8,
  PUP: 12,
  UDP: 17,
  IDP: 22,
  TP: 29,
  DCCP: 33,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  RSVP: 46,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NONE: 59,
  DSTOPTS: 60,
  MTP: 92,
  BEETPH: 94,
  ENCAP: 98,
  PIM: 103,
  COMP: 108,
  L2TP: 115,
  SCTP: 132,
  MH: 135,
  UDPLITE: 136,
  MPLS: 137,
  ETHERNET: 143,
  RAW: 255,
  SMC: 256,
  MPTCP: 262,
};

/** Numbers of the names a socket filter takes: `IPPROTO_TCP`, `AF_INET`, `TCP_LISTEN`. */
export const SOCKET_NAMES: Readonly<Record<"protocol" | "family" | "state", ReadonlyMap<string, number>>> = {
  protocol: new Map(Object.entries(PROTOCOLS).map(([name, number]) => [`IPPROTO_${name}`, number])),
  family: new Map([["AF_LOCAL", 1] as const, ...FAMILIES.map((name, number) => [`AF_${name}`, number] as const)]),
  state: new Map(STATES.map((name, index) => [`TCP_${name}`, index + 1])),
};
