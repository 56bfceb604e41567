/** Objects of the kernel as arguments. */
import { DIR, type Case } from "../case.ts";
import { ANY, NOT_EMPTY } from "../match.ts";
import { arg, kprobe, lsm, match, syscall, tracepoint } from "../spec.ts";
import { FUNCTION, typed } from "./typed.ts";

export const kernelTypeCases: Case[] = [
  typed(
    "lsm",
    "capability",
    lsm("capable", {
      args: [arg(1, "user_namespace"), arg(2, "capability")],
      selectors: [{ matchArgs: [match(2, "Equal", ["18"])] }],
    }),
    ["lsm"],
    [
      {
        act: ["chroot", "/"],
        events: [
          { args: [{ user_ns_arg: { level: ANY } }, { capability_arg: { value: 18, name: "CAP_SYS_CHROOT" } }] },
        ],
      },
      { act: ["nice", "-1"], events: [] },
    ],
  ),
  typed(
    "kprobe",
    "capability",
    kprobe("cap_capable", {
      args: [arg(1, "user_namespace"), arg(2, "capability")],
      selectors: [{ matchArgs: [match(2, "Equal", ["18"])] }],
    }),
    FUNCTION,
    [
      {
        act: ["chroot", "/"],
        events: [{ args: [{ user_ns_arg: { ns: ANY } }, { capability_arg: { value: 18, name: "CAP_SYS_CHROOT" } }] }],
      },
      { act: ["nice", "-1"], events: [] },
    ],
  ),
  typed("kprobe", "cred", kprobe("commit_creds", { args: [arg(0, "cred")], selectors: [{}] }), FUNCTION, [
    { act: ["setuid", "61234"], events: [{ args: [{ process_credentials_arg: { uid: 61234, euid: 61234 } }] }] },
  ]),
  typed(
    "kprobe",
    "cap_effective",
    kprobe("security_capset", { args: [arg(2, "cap_effective"), arg(3, "cap_inheritable"), arg(4, "cap_permitted")] }),
    ["kprobe|fentry|lsm"],
    [
      {
        act: ["capset", "-18"],
        events: [{ args: [{ cap_effective_arg: NOT_EMPTY }, {}, { cap_permitted_arg: NOT_EMPTY }] }],
      },
    ],
  ),
  typed(
    "kprobe",
    "kernel_cap_t",
    kprobe("security_capset", { args: [arg(2, "kernel_cap_t")] }),
    ["kprobe|fentry|lsm"],
    [{ act: ["capset", "-19"], events: [{ args: [{ kernel_cap_t_arg: NOT_EMPTY }] }] }],
  ),
  // The other two sets of the same call, each as a filter's subject would be read.
  ...["cap_inheritable", "cap_permitted"].map((type, i) =>
    typed(
      "kprobe",
      type,
      kprobe("security_capset", { args: [arg(3 + i, type)] }),
      ["kprobe|fentry|lsm"],
      [
        {
          act: ["inh+=18", "capset", "-18"],
          among: true,
          events: [{ args: [{ [`${type}_arg`]: i === 0 ? "0000000000040000" : NOT_EMPTY }] }],
        },
      ],
    ),
  ),
  typed(
    "kprobe",
    "user_namespace",
    kprobe("create_user_ns", { args: [arg(0, "user_namespace", { resolve: "user_ns" })] }),
    FUNCTION,
    [{ act: ["clone", "0x10000000"], events: [{ args: [{ user_ns_arg: { level: ANY, ns: ANY } }] }] }],
  ),
  typed(
    "syscall",
    "bpf_attr",
    syscall("sys_bpf", {
      args: [arg(0, "int"), arg(1, "bpf_attr")],
      selectors: [{ matchArgs: [match(0, "Equal", ["5"])] }],
    }),
    [],
    [
      {
        act: ["bpf-prog", "tx_attr"],
        events: [{ args: [{ int_arg: 5 }, { bpf_attr_arg: { ProgName: "tx_attr", InsnCnt: 2 } }] }],
      },
    ],
  ),
  // A number and a text, as the kernel itself describes them.
  typed(
    "tracepoint",
    "auto",
    tracepoint("syscalls/sys_enter_lseek", {
      args: [arg(7, "auto")],
      selectors: [{ matchArgs: [match(0, "Equal", ["9993"])] }],
    }),
    ["tracepoint"],
    [
      { act: ["lseek", "-1", "0", "9993"], events: [{ args: [ANY] }] },
      { act: ["lseek", "-1", "0", "9994"], events: [] },
    ],
  ),
  typed(
    "raw tracepoint",
    "auto",
    tracepoint("task/task_rename", {
      raw: true,
      args: [arg(1, "auto")],
      selectors: [{ matchArgs: [match(1, "Equal", ["tx-auto"])] }],
    }),
    [],
    [
      { act: ["name", "tx-auto"], events: [{ args: [{ string_arg: "tx-auto" }] }] },
      { act: ["name", "tx-autos"], events: [] },
    ],
  ),
  {
    name: "lsm-capabilities-gained",
    group: "types",
    hook: "lsm",
    shows: { operator: "CapabilitiesGained", type: "cap_effective" },
    spec: lsm("capset", {
      args: [
        arg(0, "cap_effective", { resolve: "cap_effective" }),
        arg(1, "cap_effective", { resolve: "cap_effective" }),
      ],
      selectors: [{ matchArgs: [{ args: [0, 1], operator: "CapabilitiesGained", values: ["CAP_SYS_CHROOT"] }] }],
    }),
    needs: ["lsm"],
    runs: [
      { act: ["eff-=18", "capset", "+18"], events: [{ function_name: "~capset" }] },
      { act: ["capset", "-18"], events: [] },
      { act: ["eff-=20", "capset", "+20"], events: [] },
    ],
  },
  {
    name: "capabilities-gained",
    group: "types",
    hook: "kprobe",
    shows: { operator: "CapabilitiesGained", type: "cred" },
    // The new credentials against the old ones: args 0 and 1 of the function.
    spec: kprobe("security_capset", {
      args: [
        arg(0, "cap_effective", { resolve: "cap_effective" }),
        arg(1, "cap_effective", { resolve: "cap_effective" }),
      ],
      selectors: [{ matchArgs: [{ args: [0, 1], operator: "CapabilitiesGained", values: ["CAP_SYS_CHROOT"] }] }],
    }),
    needs: ["kprobe|fentry|lsm"],
    runs: [
      { act: ["eff-=18", "capset", "+18"], events: [{ function_name: "~security_capset" }] },
      { act: ["capset", "-18"], events: [] },
      { act: ["eff-=20", "capset", "+20"], events: [] },
    ],
  },
  typed(
    "lsm",
    "bpf_cmd",
    lsm("bpf", {
      args: [arg(0, "bpf_cmd"), arg(1, "bpf_attr")],
      selectors: [{ matchArgs: [match(0, "Equal", ["5"])] }],
    }),
    ["lsm"],
    [
      {
        act: ["bpf-prog", "tx_prog"],
        events: [{ args: [{ bpf_cmd_arg: "BPF_PROG_LOAD" }, { bpf_attr_arg: { ProgName: "tx_prog", InsnCnt: 2 } }] }],
      },
      { act: ["bpf-map", "tx_map", "3"], events: [] },
    ],
  ),
  typed(
    "lsm",
    "bpf_map",
    lsm("bpf_map", { args: [arg(0, "bpf_map")] }),
    ["lsm"],
    [
      {
        act: ["bpf-map", "tx_map", "31"],
        events: [{ args: [{ bpf_map_arg: { MapName: "tx_map", MaxEntries: 31, KeySize: 4, ValueSize: 8 } }] }],
      },
    ],
  ),
  typed(
    "lsm",
    "bpf_prog",
    lsm("bpf_prog", { args: [arg(0, "bpf_prog")] }),
    ["lsm"],
    [{ act: ["bpf-prog", "tx_prog2"], events: [{ args: [{ bpf_prog_arg: { ProgName: "tx_prog2", InsnCnt: 2 } }] }] }],
  ),
  typed(
    "kprobe",
    "perf_event",
    kprobe("security_perf_event_alloc", { args: [arg(0, "perf_event")] }),
    ["kprobe|fentry|lsm"],
    [{ act: ["perf"], events: [{ args: [{ perf_event_arg: { Type: ANY } }] }] }],
  ),
  typed(
    "kprobe",
    "module",
    kprobe("do_init_module", { args: [arg(0, "module")], selectors: [{}] }),
    [...FUNCTION, "module"],
    [
      {
        act: ["insmod", `${DIR}/module.ko`, "+", "rmmod", "dummy"],
        events: [{ args: [{ module_arg: { name: "dummy" } }] }],
      },
    ],
  ),
  typed(
    "kprobe",
    "load_info",
    kprobe("mod_sysfs_setup", { args: [arg(1, "load_info")], selectors: [{}] }),
    [...FUNCTION, "module"],
    [
      {
        act: ["insmod", `${DIR}/module.ko`, "+", "rmmod", "dummy"],
        events: [{ args: [{ module_arg: { name: "dummy" } }] }],
      },
    ],
    { short: true },
  ),
  typed(
    "tracepoint",
    "syscall64",
    tracepoint("raw_syscalls/sys_enter", {
      args: [arg(4, "syscall64")],
      selectors: [{ matchPIDs: [{ operator: "In", values: [31031] }], matchArgs: [match(0, "Equal", ["8"])] }],
    }),
    ["tracepoint"],
    [
      {
        act: ["pid=31031", "lseek", "-1", "0", "9992"],
        events: [{ subsys: "raw_syscalls", args: [{ syscall_id: { id: 8, abi: "x64" } }] }],
      },
    ],
  ),
  typed(
    "kprobe",
    "nop",
    kprobe("vfs_truncate", {
      args: [arg(0, "nop"), arg(1, "int64")],
      selectors: [{ matchArgs: [match(1, "Equal", ["9991"])] }],
    }),
    FUNCTION,
    [{ act: ["truncate", `${DIR}/lose`, "9991"], events: [{ args: [{ long_arg: "9991" }] }] }],
  ),
];
