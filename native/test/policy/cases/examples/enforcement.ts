/** Policies that stop something: the effect, seen from inside, beside the event. */
import { ALPHA, BETA, DIR, type Case, type JsonObject } from "../../case.ts";
import { arg, kprobe, lsm, match, syscall, tracepoint } from "../../spec.ts";
import { example, FUNCTION, inAlpha, other, secret } from "./example.ts";

/** Each policy has a program of its own: what one stops, another must not wait for. */
const inProgram = (name: string): JsonObject => ({
  matchBinaries: [{ operator: "In", values: [`${DIR}/bin/${name}`] }],
});
const inGamma = inProgram("gamma");
const inDelta = inProgram("delta");
const inEpsilon = inProgram("epsilon");
const denied = { ret: -1, errno: 1 };
const stopped = (event: JsonObject): JsonObject => ({ ...event, action: "KPROBE_ACTION_OVERRIDE" });

export const enforcementExamples: Case[] = [
  example({
    name: "example-symlink-override",
    hook: "syscall",
    group: "enforcement",
    spec: syscall("sys_symlinkat", {
      args: [arg(0, "string"), arg(1, "int"), arg(2, "string")],
      selectors: [
        { matchArgs: [match(0, "Equal", [`${secret}-1`])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm|override_return"],
    runs: [
      {
        act: ["symlink", `${secret}-1`, `${DIR}/f/link-1`],
        events: [
          stopped({ args: [{ string_arg: `${secret}-1` }, { int_arg: -100 }, { string_arg: `${DIR}/f/link-1` }] }),
        ],
        effect: denied,
        weaker: { signal: 9 },
      },
      { act: ["symlink", other, `${DIR}/f/link-2`], events: [], effect: { ret: 0 } },
    ],
  }),
  example({
    name: "example-hardlink-override",
    hook: "syscall",
    group: "enforcement",
    spec: {
      kprobes: ["sys_linkat", "sys_link"].map((call, i) => ({
        call,
        syscall: true,
        args: [arg(i === 0 ? 1 : 0, "string")],
        selectors: [
          {
            matchArgs: [match(i === 0 ? 1 : 0, "Equal", [`${DIR}/f/watched-1`])],
            matchActions: [{ action: "Override", argError: -1 }],
          },
        ],
      })),
    },
    needs: ["lsm|override_return"],
    runs: [
      {
        act: ["link", `${DIR}/f/watched-1`, `${DIR}/f/hard-3`],
        events: [stopped({ args: [{ string_arg: `${DIR}/f/watched-1` }] })],
        effect: denied,
        weaker: { signal: 9 },
      },
      { act: ["open", `${DIR}/f/hard-3`, "0"], events: [], effect: { errno: 2 }, weaker: { ret: 0 } },
      { act: ["link", `${DIR}/f/watched-2`, `${DIR}/f/hard-4`], events: [], effect: { ret: 0 } },
    ],
    short: true,
  }),
  example({
    name: "example-override-security",
    hook: "kprobe",
    group: "enforcement",
    spec: kprobe("security_inode_mkdir", {
      selectors: [{ ...inAlpha, matchActions: [{ action: "Override", argError: -1 }] }],
    }),
    needs: ["lsm|fmod_ret"],
    runs: [
      {
        act: [`exec=${ALPHA}`, "mkdir", `${DIR}/f/made-1`],
        events: [stopped({ function_name: "~inode_mkdir" })],
        effect: denied,
      },
      { act: [`exec=${BETA}`, "mkdir", `${DIR}/f/made-2`], events: [], effect: { ret: 0 } },
    ],
    short: true,
  }),
  example({
    name: "example-connect-local-only",
    hook: "kprobe",
    group: "enforcement",
    spec: kprobe("tcp_connect", {
      args: [arg(0, "sock")],
      selectors: [
        { ...inGamma, matchArgs: [match(0, "NotDAddr", ["127.0.1.0/24"])], matchActions: [{ action: "Sigkill" }] },
      ],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: [`exec=${DIR}/bin/gamma`, "connect", "127.0.14.1", "17014", "127.0.2.14", "0"],
        events: [{ action: "KPROBE_ACTION_SIGKILL" }],
        effect: { signal: 9 },
      },
      {
        act: [`exec=${DIR}/bin/gamma`, "connect", "127.0.1.1", "17014", "127.0.2.14", "0"],
        events: [],
        effect: { errno: 111 },
      },
      {
        act: [`exec=${BETA}`, "connect", "127.0.14.1", "17014", "127.0.2.14", "0"],
        events: [],
        effect: { errno: 111 },
      },
    ],
  }),
  example({
    name: "example-killer",
    hook: "syscall",
    group: "enforcement",
    spec: {
      lists: [{ name: "killed", type: "syscalls", values: ["sys_prctl"] }],
      enforcers: [{ calls: ["list:killed"] }],
      ...tracepoint("raw_syscalls/sys_enter", {
        args: [arg(4, "syscall64")],
        selectors: [
          {
            matchArgs: [match(0, "InMap", ["list:killed"])],
            ...inEpsilon,
            matchActions: [{ action: "NotifyEnforcer", argSig: 9 }],
          },
        ],
      }),
    },
    needs: ["tracepoint"],
    runs: [
      {
        act: [`exec=${DIR}/bin/epsilon`, "prctl", "0x7777", "1"],
        events: [{ action: "KPROBE_ACTION_NOTIFYENFORCER" }],
        effect: { signal: 9 },
      },
      { act: [`exec=${BETA}`, "prctl", "0x7777", "1"], events: [], effect: { signal: 0, errno: 22 } },
    ],
  }),
  example({
    name: "example-bprm-override",
    hook: "lsm",
    group: "enforcement",
    spec: lsm("bprm_check_security", {
      args: [arg(0, "linux_binprm")],
      selectors: [
        { matchArgs: [match(0, "Postfix", ["/bin/refused"])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm"],
    runs: [
      {
        act: [`exec=${DIR}/bin/refused`, "nothing"],
        events: [stopped({ args: [{ linux_binprm_arg: { path: `${DIR}/bin/refused` } }] })],
        effect: denied,
      },
      { act: [`exec=${BETA}`, "nothing"], events: [], effect: { ret: 0 } },
    ],
    short: true,
  }),
  example({
    name: "example-user-namespace-kill",
    hook: "kprobe",
    group: "enforcement",
    spec: kprobe("create_user_ns", {
      args: [arg(0, "nop")],
      selectors: [
        {
          matchNamespaces: [{ namespace: "Pid", operator: "NotIn", values: ["host_ns"] }],
          matchCapabilities: [
            { type: "Effective", operator: "NotIn", isNamespaceCapability: false, values: ["CAP_SYS_ADMIN"] },
          ],
          matchActions: [{ action: "Sigkill" }],
        },
      ],
    }),
    needs: [...FUNCTION, "host:pid"],
    runs: [
      {
        act: ["unshare=pid", "fork", "fork", "eff-=21", "clone", "0x10000000"],
        events: [{ function_name: "create_user_ns", action: "KPROBE_ACTION_SIGKILL" }],
        effect: { signal: 9 },
      },
      { act: ["unshare=pid", "fork", "fork", "clone", "0x10000000"], events: [], effect: { ret: 0 } },
      { act: ["eff-=21", "clone", "0x10000000"], events: [], effect: { ret: 0 } },
    ],
  }),
  example({
    name: "example-connect-block-others",
    hook: "kprobe",
    group: "enforcement",
    spec: kprobe("security_socket_connect", {
      args: [arg(0, "socket"), arg(1, "sockaddr"), arg(2, "int")],
      selectors: [
        {
          ...inDelta,
          matchArgs: [
            match(0, "Protocol", ["IPPROTO_TCP"]),
            match(1, "Family", ["AF_INET"]),
            match(1, "SAddr", ["127.0.15.1"]),
            match(1, "SPort", ["17015"]),
          ],
          matchActions: [{ action: "Post" }],
        },
        {
          ...inDelta,
          matchArgs: [match(0, "Protocol", ["IPPROTO_TCP"]), match(1, "Family", ["AF_INET", "AF_INET6"])],
          matchActions: [{ action: "Override", argError: -1 }],
        },
      ],
    }),
    needs: ["lsm|fmod_ret"],
    runs: [
      {
        act: [`exec=${DIR}/bin/delta`, "connect", "127.0.15.1", "17015", "127.0.2.15", "0"],
        events: [{ action: "KPROBE_ACTION_POST" }],
        effect: { errno: 111 },
      },
      {
        act: [`exec=${DIR}/bin/delta`, "connect", "127.0.15.2", "17015", "127.0.2.15", "0"],
        events: [stopped({})],
        effect: denied,
      },
      {
        act: [`exec=${BETA}`, "connect", "127.0.15.2", "17015", "127.0.2.15", "0"],
        events: [],
        effect: { errno: 111 },
      },
    ],
  }),
  {
    name: "prctl-stays-as-it-was",
    group: "enforcement",
    hook: "lsm",
    shows: { other: "a hook whose answer is not 0 by default" },
    spec: lsm("task_prctl", { args: [arg(0, "int")], selectors: [{ matchArgs: [match(0, "Equal", ["0x7778"])] }] }),
    needs: ["lsm"],
    runs: [
      { act: ["prctl", "0x7778", "1"], events: [{ args: [{ int_arg: 0x7778 }] }], effect: { ret: -1, errno: 22 } },
      { act: ["comm=tx-as-before", "nothing"], events: [], effect: { ret: 0 } },
    ],
    short: true,
  },
];
