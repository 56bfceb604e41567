/** Calls that are told at their return, and returns that come late, not at all, or within each other. */
import { ALPHA, type Case } from "../case.ts";
import { arg, match, syscall, uprobe } from "../spec.ts";

const AT_RETURN = { args: [arg(0, "int64")], return: true, returnArg: arg(0, "int64") };
/** Nothing comes of it. */
const SIGCONT = 18;
/** More than the kernel keeps at a time. */
const MANY = 600;

export const returnCases: readonly Case[] = [
  {
    name: "return-new-task",
    group: "types",
    hook: "syscall return",
    shows: { other: "clone, told once" },
    spec: syscall("sys_clone3", {
      return: true,
      returnArg: arg(0, "int64"),
      selectors: [{ matchBinaries: [{ operator: "In", values: [ALPHA] }] }],
    }),
    needs: [],
    // The child leaves the call as well, with 0: it made none.
    runs: [{ act: [`exec=${ALPHA}`, "clone", "0"], events: [{}], never: [{ return: { long_arg: "0" } }], anyProcess: true }],
    short: true,
  },
  {
    name: "return-never",
    group: "types",
    hook: "uretprobe",
    shows: { other: "calls that never return" },
    spec: uprobe("tx_user_end", AT_RETURN),
    needs: ["uprobe"],
    // The cases after it show that there is room for others.
    runs: [{ act: ["user-end", String(MANY)], events: Array.from({ length: MANY }, () => ({})) }],
    short: true,
  },
  {
    name: "return-killed",
    group: "types",
    hook: "uretprobe",
    shows: { action: "Sigkill" },
    spec: uprobe("tx_user_return", {
      ...AT_RETURN,
      selectors: [{ matchArgs: [match(0, "Equal", ["42"])], matchActions: [{ action: "Sigkill" }] }],
    }),
    needs: ["uprobe"],
    runs: [{ act: ["user-return", "42"], events: [{ args: [{ long_arg: "42" }] }], effect: { signal: 9 } }],
    short: true,
  },
  {
    name: "return-within",
    group: "types",
    hook: "uretprobe",
    shows: { other: "calls within each other" },
    spec: uprobe("tx_user_deep", AT_RETURN),
    needs: ["uprobe"],
    runs: [{ act: ["user-deep", "4"], events: [{}, {}, {}, {}, {}] }],
    short: true,
  },
  {
    name: "return-under-way",
    group: "types",
    hook: "uretprobe",
    shows: { other: "a call under way" },
    spec: uprobe("tx_user_slow", AT_RETURN),
    needs: ["uprobe"],
    runs: [{ act: ["user-slow", "1"], events: [{ return: { long_arg: "1" } }] }],
    short: true,
  },
  {
    name: "return-gate",
    group: "types",
    hook: "uretprobe",
    shows: { other: "as many calls at once as are awaited" },
    spec: uprobe("tx_user_gate", AT_RETURN),
    needs: ["uprobe"],
    runs: [
      {
        act: ["user-gate", "256", "0"],
        events: Array.from({ length: 256 }, () => ({ return: { long_arg: "256" } })),
      },
    ],
    short: true,
  },
  {
    name: "return-acted",
    group: "types",
    hook: "syscall return",
    shows: { action: "Signal" },
    spec: syscall("sys_lseek", {
      ...AT_RETURN,
      args: [arg(2, "int")],
      selectors: [
        { matchArgs: [match(2, "Equal", ["6951"])], matchActions: [{ action: "Signal", argSig: SIGCONT }] },
      ],
    }),
    needs: [],
    // Once when it is done, which a process that is ended by it may not survive; once with what it returned.
    runs: [
      {
        act: ["lseek", "-1", "0", "6951"],
        events: [
          { return: null, telovix: { enforced: { signal: "SIGCONT" } } },
          { return: { long_arg: "-9" }, telovix: { enforced: null } },
        ],
      },
    ],
    short: true,
  },
  {
    name: "return-beside",
    group: "types",
    hook: "uretprobe",
    shows: { operator: "Equal" },
    spec: uprobe("tx_user_slow", { ...AT_RETURN, selectors: [{ matchArgs: [match(0, "Equal", ["2"])] }] }),
    needs: ["uprobe"],
    runs: [
      { act: ["user-slow", "2"], events: [{ return: { long_arg: "2" } }] },
      { act: ["user-slow", "3"], events: [] },
    ],
    short: true,
  },
];
