import type { PlanArg, PlanFilter, PlanHook, PlanSelector } from "./plan.ts";
import { RETURN_POSITION } from "./layout.ts";

const PROT_EXEC = 0x4n;
const MAP_ANONYMOUS = 0x20n;
/** What a call returns above is an error: -4095 to -1. */
const LAST_ADDRESS = (1n << 64n) - 4096n;

function arg(type: PlanArg["type"], index: number, source: PlanArg["source"] = "arg"): PlanArg {
  return {
    type,
    source,
    index,
    flags: [],
    size_index: null,
    max_data: 0,
    resolve: "",
    btf_type: "",
    btf_module: "",
    label: "",
  };
}

function filter(kind: PlanFilter["kind"], at: number, a: bigint, more: Partial<PlanFilter> = {}): PlanFilter {
  return { kind, flags: [], arg: at, sub: 0, values: [{ a, b: 0n, text: new Uint8Array(0) }], code: [], ...more };
}

/**
 * mmap with a file that may be run, and that came to be. Whether there is a file is asked of the flags: the kernel heeds
 * the descriptor's lower half only, and not at all when the mapping is anonymous.
 */
const MAPPED: readonly PlanSelector[] = [
  {
    filters: [filter("int_mask", 1, PROT_EXEC), filter("int_mask", 2, MAP_ANONYMOUS, { flags: ["not"] })],
    return_filters: [
      filter("int_range", RETURN_POSITION, 0n, { values: [{ a: 0n, b: LAST_ADDRESS, text: new Uint8Array(0) }] }),
    ],
    actions: [],
    return_actions: [],
    label: "",
  },
];
/** length, prot, flags, fd: the same of both calls. */
const MAPPED_ARGS: readonly PlanArg[] = [arg("size", 1), arg("int", 2), arg("int", 3), arg("fd", 4)];
const STARTED_ARGS: readonly PlanArg[] = [arg("linux_binprm", 2)];

/**
 * The hooks of `loader: true`: mapping a file to be run, also as 32-bit programs do it, and starting a program, whose
 * own file the kernel maps without a call. `empty`: a hook that says nothing.
 */
export function loaderHooks(empty: PlanHook): PlanHook[] {
  const mapped = { ...empty, args: MAPPED_ARGS, selectors: MAPPED, return_arg: arg("uint64", 0, "return") };
  return [
    { ...mapped, call: "sys_mmap", flags: ["syscall", "return", "loader"] },
    { ...mapped, call: "sys_mmap2", flags: ["syscall", "i386", "return", "ignore_missing", "loader"] },
    {
      ...empty,
      kind: "raw_tracepoint",
      group: "sched",
      call: "sched_process_exec",
      flags: ["loader"],
      args: STARTED_ARGS,
    },
  ];
}
