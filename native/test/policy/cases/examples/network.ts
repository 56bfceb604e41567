/** Connections, listeners and packets. */
import { ALPHA, BETA, type Case } from "../../case.ts";
import { arg, kprobe, match } from "../../spec.ts";
import { example, FUNCTION, inAlpha } from "./example.ts";

export const networkExamples: Case[] = [
  example({
    name: "example-tcp-connect",
    hook: "kprobe",
    spec: {
      kprobes: ["tcp_connect", "tcp_close"].map((call) => ({
        call,
        syscall: false,
        args: [arg(0, "sock")],
        selectors: [inAlpha],
      })),
    },
    needs: FUNCTION,
    runs: [
      {
        act: [`exec=${ALPHA}`, "connect", "127.0.1.9", "17009", "127.0.2.9", "18009"],
        among: true,
        events: [
          {
            function_name: "tcp_connect",
            args: [
              {
                sock_arg: {
                  family: "AF_INET",
                  type: "SOCK_STREAM",
                  protocol: "IPPROTO_TCP",
                  saddr: "127.0.2.9",
                  daddr: "127.0.1.9",
                  sport: 18009,
                  dport: 17009,
                },
              },
            ],
          },
          { function_name: "tcp_close" },
        ],
      },
      { act: [`exec=${BETA}`, "connect", "127.0.1.9", "17009", "127.0.2.9", "18009"], events: [] },
    ],
  }),
  example({
    name: "example-tcp-close-at-exit",
    hook: "kprobe",
    spec: kprobe("tcp_close", { args: [arg(0, "sock")], selectors: [inAlpha] }),
    needs: FUNCTION,
    runs: [
      { act: [`exec=${ALPHA}`, "listen", "127.0.1.9", "17011", "1"], events: [{ function_name: "tcp_close" }] },
      { act: [`exec=${BETA}`, "listen", "127.0.1.9", "17012", "1"], events: [] },
    ],
  }),
  example({
    name: "example-tcp-connect-filtered",
    hook: "kprobe",
    spec: kprobe("tcp_connect", {
      args: [arg(0, "sock")],
      selectors: [
        { matchArgs: [match(0, "DAddr", ["127.0.10.0/24", "192.168.0.0/16"]), match(0, "DPort", ["17010"])] },
      ],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: ["connect", "127.0.10.9", "17010", "127.0.2.10", "0"],
        events: [{ args: [{ sock_arg: { daddr: "127.0.10.9", dport: 17010 } }] }],
      },
      { act: ["connect", "127.0.11.9", "17010", "127.0.2.10", "0"], events: [] },
      { act: ["connect", "127.0.10.9", "17011", "127.0.2.10", "0"], events: [] },
    ],
  }),
  example({
    name: "example-tcp-listen",
    hook: "kprobe",
    spec: kprobe("inet_csk_listen_start", {
      args: [arg(0, "sock")],
      selectors: [{ matchArgs: [match(0, "SPort", ["18011", "18012"])] }],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: ["listen", "127.0.2.11", "18011", "7"],
        events: [{ args: [{ sock_arg: { saddr: "127.0.2.11", sport: 18011 } }] }],
      },
      { act: ["listen", "127.0.2.11", "18013", "7"], events: [] },
    ],
  }),
  example({
    name: "example-datagram",
    hook: "kprobe",
    spec: kprobe("ip_send_skb", {
      args: [arg(1, "skb")],
      selectors: [
        {
          matchArgs: [match(1, "DAddr", ["127.0.12.0/24"]), match(1, "Protocol", ["IPPROTO_UDP"])],
          matchActions: [{ action: "Post", rateLimit: "5" }],
        },
      ],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: ["udp", "127.0.12.1", "17012", "127.0.2.12", "18012", "33"],
        events: [{ args: [{ skb_arg: { daddr: "127.0.12.1", dport: 17012, protocol: "IPPROTO_UDP" } }] }],
      },
      { act: ["udp", "127.0.13.1", "17012", "127.0.2.12", "18012", "33"], events: [] },
    ],
  }),
];
