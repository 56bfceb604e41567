/** Override of connect(2) and sendto(2): by an LSM hook, or, on kernels without, by the root cgroup's own gate. */
import type { Case, JsonObject } from "../case.ts";
import { arg, match, syscall } from "../spec.ts";
import { done } from "./told.ts";

const EPERM = 1;
const REFUSED = 111;
/** The format calls the only address of a sockaddr its source. */
const denies = (call: string, index: number, port: string): JsonObject =>
  syscall(call, {
    args: [arg(index, "sockaddr")],
    selectors: [
      { matchArgs: [match(index, "SPort", [port])], matchActions: [{ action: "Override", argError: -1 }] },
    ],
  });
const stopped = { ...done("OVERRIDE"), telovix: { enforced: { stopped: true, error: -1 } } };

export const gateCases: Case[] = [
  {
    name: "syscall-override-connect",
    group: "gates",
    hook: "syscall",
    shows: { other: "Override of connect and sendto" },
    spec: denies("sys_connect", 1, "17811"),
    needs: ["lsm|cgroup_connect"],
    runs: [
      {
        act: ["connect", "127.0.1.3", "17811", "127.0.2.3", "0"],
        events: [stopped],
        effect: { ret: -1, errno: EPERM },
      },
      { act: ["connect", "127.0.1.3", "17812", "127.0.2.3", "0"], events: [], effect: { ret: -1, errno: REFUSED } },
      // Stopped by nobody: the descriptor is none, and nobody was asked.
      { act: ["connect-nothing", "127.0.1.3", "17811"], events: [done("OVERRIDE")], effect: { ret: -1, errno: 9 } },
      // The mark of a call that failed before it was asked for is none of the next call's business.
      { act: ["reconnect-send", "127.0.1.3", "17811"], events: [done("OVERRIDE")], effect: { ret: 8, errno: 0 } },
    ],
    short: true,
  },
  {
    name: "syscall-override-sendto",
    group: "gates",
    hook: "syscall",
    shows: { other: "Override of connect and sendto" },
    spec: denies("sys_sendto", 4, "17813"),
    needs: ["lsm|cgroup_connect"],
    runs: [
      {
        act: ["udp", "127.0.1.3", "17813", "127.0.2.3", "0", "7"],
        events: [stopped],
        effect: { ret: -1, errno: EPERM },
      },
      { act: ["udp", "127.0.1.3", "17814", "127.0.2.3", "0", "7"], events: [], effect: { ret: 7 } },
    ],
    short: true,
  },
  {
    name: "syscall-override-nothing",
    group: "gates",
    hook: "syscall",
    shows: { other: "Override without argError" },
    // An LSM hook's 0 lets the call pass: what cannot be stopped is not said to be.
    spec: syscall("sys_symlinkat", {
      args: [arg(0, "string")],
      selectors: [
        { matchArgs: [match(0, "Equal", ["tx-zero"])], matchActions: [{ action: "Override", argError: 0 }] },
      ],
    }),
    needs: ["override_return"],
    runs: [{ act: ["symlinkat", "tx-zero"], events: [stopped], effect: { ret: 0 } }],
    short: true,
  },
  {
    name: "hooks-unknown",
    group: "unknown",
    hook: "syscall",
    shows: { other: "hooks and arguments this kernel does not have" },
    spec: {
      kprobes: [
        { call: "sys_lseek", syscall: true, args: [arg(2, "int")], selectors: [{ matchArgs: [match(2, "Equal", ["6921"])] }] },
        { call: "tx_no_such_function", syscall: false, ignore: { callNotFound: false } },
      ],
      tracepoints: [
        { subsystem: "sched", event: "tx_no_such_event" },
        { subsystem: "sched", event: "sched_process_exec", raw: true, args: [arg(3, "int")] },
      ],
      lsmhooks: [{ hook: "tx_no_such_hook" }, { hook: "file_open", args: [arg(1, "int")] }],
    },
    needs: [],
    runs: [
      { act: ["lseek", "-1", "0", "6921"], events: [{ args: [{ int_arg: 6921 }] }] },
      { act: ["lseek", "-1", "0", "6922"], events: [] },
    ],
    short: true,
  },
];
