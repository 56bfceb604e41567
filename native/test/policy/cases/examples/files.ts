/** Files: who reads, writes, links and maps them. */
import { ACT, ALPHA, BETA, DIR, type Case } from "../../case.ts";
import { ANY } from "../../match.ts";
import { arg, kprobe, match, syscall } from "../../spec.ts";
import { example, FUNCTION, inAlpha, other, secret, SECURITY } from "./example.ts";

export const filesExamples: Case[] = [
  example({
    name: "example-write",
    hook: "syscall",
    spec: syscall("sys_write", {
      args: [arg(0, "int"), arg(1, "char_buf", { sizeArgIndex: 3 }), arg(2, "size_t")],
      selectors: [inAlpha],
    }),
    needs: [],
    runs: [
      {
        act: [`exec=${ALPHA}`, "write", "/dev/null", "tx-written"],
        among: true,
        events: [{ args: [{ int_arg: ANY }, { bytes_arg: btoa("tx-written") }, { size_arg: "10" }] }],
      },
      { act: [`exec=${BETA}`, "write", "/dev/null", "tx-written"], events: [] },
    ],
  }),
  example({
    name: "example-open-for-writing",
    hook: "syscall return",
    // The mask is O_WRONLY|O_RDWR; only those that succeeded.
    spec: syscall("sys_openat", {
      args: [arg(0, "int"), arg(1, "string"), arg(2, "int")],
      return: true,
      returnArg: arg(0, "int"),
      selectors: [
        {
          matchArgs: [match(1, "Prefix", [`${DIR}/f/`]), match(2, "Mask", ["0x3"])],
          matchReturnArgs: [match(0, "GT", ["0"])],
        },
      ],
    }),
    needs: [],
    runs: [
      {
        act: ["open", secret, "1"],
        events: [{ args: [{ int_arg: ANY }, { string_arg: secret }, { int_arg: ANY }], return: { int_arg: ANY } }],
      },
      { act: ["open", secret, "0"], events: [] },
      { act: ["open", `${DIR}/f/none/none`, "1"], events: [] },
    ],
    short: true,
  }),
  example({
    name: "example-symlink-observe",
    hook: "syscall",
    spec: syscall("sys_symlinkat", {
      args: [arg(0, "string"), arg(1, "int"), arg(2, "string")],
      selectors: [{ matchArgs: [match(0, "Equal", [secret])] }],
    }),
    needs: [],
    runs: [
      {
        act: ["symlinkat", secret],
        events: [{ args: [{ string_arg: secret }, { int_arg: -1 }, { string_arg: "x" }] }],
      },
      { act: ["symlinkat", other], events: [] },
    ],
  }),
  example({
    name: "example-hardlink-observe",
    hook: "syscall",
    spec: {
      kprobes: ["sys_linkat", "sys_link"].map((call, i) => ({
        call,
        syscall: true,
        args: [arg(i === 0 ? 1 : 0, "string")],
        selectors: [{ matchArgs: [match(i === 0 ? 1 : 0, "Equal", [secret])] }],
      })),
    },
    needs: [],
    runs: [
      { act: ["link", secret, `${DIR}/f/hard-1`], events: [{ args: [{ string_arg: secret }] }] },
      { act: ["link", other, `${DIR}/f/hard-2`], events: [] },
    ],
  }),
  example({
    name: "example-file-access",
    hook: "kprobe",
    spec: {
      kprobes: [
        {
          call: "security_file_permission",
          syscall: false,
          return: true,
          args: [arg(0, "file"), arg(1, "int")],
          returnArg: arg(0, "int"),
          selectors: [{ matchArgs: [match(0, "Prefix", [`${DIR}/f/watched`])] }],
        },
        {
          call: "security_mmap_file",
          syscall: false,
          return: true,
          args: [arg(0, "file"), arg(1, "uint32"), arg(2, "uint32")],
          returnArg: arg(0, "int"),
          selectors: [{ matchArgs: [match(0, "Prefix", [`${DIR}/f/watched`])] }],
        },
        {
          call: "security_path_truncate",
          syscall: false,
          return: true,
          args: [arg(0, "path")],
          returnArg: arg(0, "int"),
          selectors: [{ matchArgs: [match(0, "Prefix", [`${DIR}/f/watched`])] }],
        },
      ],
    },
    needs: SECURITY,
    runs: [
      {
        act: ["read", `${DIR}/f/watched-1`],
        among: true,
        events: [
          {
            function_name: "~file_permission",
            args: [{ file_arg: { path: `${DIR}/f/watched-1` } }, { int_arg: 4 }],
            return: { int_arg: 0 },
          },
        ],
      },
      {
        act: ["write", `${DIR}/f/watched-2`, "x"],
        among: true,
        events: [{ function_name: "~file_permission", args: [ANY, { int_arg: 2 }] }],
      },
      {
        act: ["mmap", `${DIR}/f/watched-1`, "3"],
        among: true,
        events: [
          {
            function_name: "~mmap_file",
            args: [{ file_arg: { path: `${DIR}/f/watched-1` } }, { uint_arg: 3 }, { uint_arg: 1 }],
          },
        ],
      },
      {
        act: ["truncate", `${DIR}/f/watched-2`, "0"],
        among: true,
        events: [{ function_name: "~path_truncate", args: [{ path_arg: { path: `${DIR}/f/watched-2` } }] }],
      },
      {
        act: ["read", other, "+", "write", other, "x", "+", "mmap", other, "3", "+", "truncate", other, "0"],
        events: [],
      },
    ],
  }),
  example({
    name: "example-file-access-filtered",
    hook: "kprobe",
    spec: {
      kprobes: [
        {
          call: "security_file_permission",
          syscall: false,
          return: true,
          args: [arg(0, "file"), arg(1, "int")],
          returnArg: arg(0, "int"),
          selectors: [{ matchArgs: [match(0, "Equal", [secret]), match(1, "Equal", ["2"])] }],
        },
        {
          call: "security_mmap_file",
          syscall: false,
          return: true,
          args: [arg(0, "file"), arg(1, "uint32"), arg(2, "nop")],
          returnArg: arg(0, "int"),
          selectors: [{ matchArgs: [match(0, "Equal", [secret]), match(1, "Mask", ["2"])] }],
        },
      ],
    },
    needs: SECURITY,
    runs: [
      {
        act: ["write", secret, "x"],
        among: true,
        events: [{ function_name: "~file_permission", args: [{ file_arg: { path: secret } }, { int_arg: 2 }] }],
      },
      { act: ["read", secret], events: [] },
      { act: ["mmap", secret, "3"], among: true, events: [{ function_name: "~mmap_file" }] },
      { act: ["mmap", secret, "1"], events: [] },
    ],
    short: true,
  }),
  example({
    name: "example-fd-install-capability-change",
    hook: "kprobe",
    spec: kprobe("fd_install", {
      args: [arg(0, "int"), arg(1, "file")],
      selectors: [
        {
          matchArgs: [match(1, "Equal", [secret])],
          matchCapabilityChanges: [
            { type: "Effective", operator: "In", isNamespaceCapability: false, values: ["CAP_SYS_CHROOT"] },
          ],
        },
      ],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: [`exec=${ACT}`, "eff-=18", "open", secret, "0"],
        events: [{ args: [{ int_arg: ANY }, { file_arg: { path: secret } }] }],
      },
      { act: [`exec=${ACT}`, "open", secret, "0"], events: [] },
    ],
  }),
  example({
    name: "example-fd-install-host-namespace",
    hook: "kprobe",
    spec: kprobe("fd_install", {
      args: [arg(0, "int"), arg(1, "file")],
      selectors: [
        {
          matchArgs: [match(1, "Equal", [secret])],
          matchNamespaces: [{ namespace: "Pid", operator: "In", values: ["host_ns"] }],
        },
      ],
    }),
    needs: [...FUNCTION, "host:pid"],
    runs: [
      { act: ["open", secret, "0"], events: [{ args: [{ int_arg: ANY }, { file_arg: { path: secret } }] }] },
      { act: ["unshare=pid", "fork", "open", secret, "0"], events: [] },
    ],
  }),
];
