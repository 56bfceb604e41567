/** How selectors, filters, macros, lists and several hooks go together. */
import { ALPHA, BETA, FILE, type Case, type JsonObject } from "../case.ts";
import { arg, kprobe, match, syscall } from "../spec.ts";

const whence = (v: number): string[] => ["lseek", "-1", "0", String(v)];
const seek = (offset: number, v: number): string[] => ["lseek", "-1", String(offset), String(v)];
const shown = (v: number): JsonObject => ({ args: [{ int_arg: v }] });
const eq = (v: number): JsonObject => ({ matchArgs: [match(2, "Equal", [String(v)])] });
const lseek = (selectors: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  ...syscall("sys_lseek", { args: [arg(2, "int")], selectors }),
  ...more,
});

const base = { group: "syscall", hook: "syscall", needs: [] } as const;

export const selectorCases: Case[] = [
  {
    ...base,
    name: "selectors-ored",
    shows: { other: "selectors are ORed" },
    spec: lseek([eq(5101), eq(5102)]),
    runs: [
      { act: whence(5101), events: [shown(5101)] },
      { act: whence(5102), events: [shown(5102)] },
      { act: whence(5103), events: [] },
    ],
    short: true,
  },
  {
    ...base,
    name: "selectors-first-wins",
    shows: { other: "the first selector that matches decides" },
    spec: lseek([
      { ...eq(5104), matchActions: [{ action: "NoPost" }] },
      { matchArgs: [match(2, "InRange", ["5104:5105"])] },
    ]),
    runs: [
      { act: whence(5104), events: [] },
      { act: whence(5105), events: [shown(5105)] },
    ],
  },
  {
    ...base,
    name: "filters-anded",
    shows: { other: "filters are ANDed" },
    spec: syscall("sys_lseek", {
      args: [arg(1, "int64"), arg(2, "int")],
      selectors: [{ matchArgs: [match(1, "Equal", ["77"]), match(2, "Equal", ["5106"])] }],
    }),
    runs: [
      { act: seek(77, 5106), events: [{ args: [{ long_arg: "77" }, { int_arg: 5106 }] }] },
      { act: seek(78, 5106), events: [] },
      { act: seek(77, 5107), events: [] },
    ],
  },
  {
    ...base,
    name: "filters-five",
    shows: { other: "five filters on arguments" },
    spec: syscall("sys_lseek", {
      args: [arg(0, "int"), arg(1, "int64"), arg(2, "int")],
      selectors: [
        {
          matchArgs: [
            match(0, "LT", ["0"]),
            match(1, "GT", ["10"]),
            match(1, "LT", ["100"]),
            match(1, "NotEqual", ["50"]),
            match(2, "Equal", ["5108"]),
          ],
        },
      ],
    }),
    runs: [
      { act: seek(49, 5108), events: [{ args: [{ int_arg: -1 }, { long_arg: "49" }, { int_arg: 5108 }] }] },
      { act: seek(50, 5108), events: [] },
      { act: seek(100, 5108), events: [] },
      { act: seek(10, 5108), events: [] },
    ],
  },
  {
    ...base,
    name: "selectors-five",
    shows: { other: "five selectors" },
    spec: lseek([5110, 5112, 5114, 5116, 5118].map(eq)),
    runs: [
      { act: whence(5110), events: [shown(5110)] },
      { act: whence(5118), events: [shown(5118)] },
      { act: whence(5117), events: [] },
    ],
  },
  {
    ...base,
    name: "no-selector",
    shows: { other: "no selector: every call is told" },
    spec: syscall("sys_symlinkat", { args: [arg(0, "string")] }),
    runs: [
      {
        act: ["symlinkat", "tx-everything"],
        events: [{ args: [{ string_arg: "tx-everything" }], action: "KPROBE_ACTION_POST" }],
      },
      { act: ["lseek", "-1", "0", "1"], events: [] },
    ],
  },
  {
    ...base,
    name: "macros",
    shows: { other: "selectorsMacros" },
    spec: lseek([{ ...eq(5120), macros: ["alpha"] }], {
      selectorsMacros: { alpha: { matchBinaries: [{ operator: "In", values: [ALPHA] }] } },
    }),
    runs: [
      { act: [`exec=${ALPHA}`, ...whence(5120)], events: [shown(5120)] },
      { act: [`exec=${BETA}`, ...whence(5120)], events: [] },
      { act: [`exec=${ALPHA}`, ...whence(5121)], events: [] },
    ],
  },
  {
    ...base,
    name: "list-of-syscalls",
    shows: { other: "lists: syscalls" },
    spec: {
      lists: [{ name: "moves", type: "syscalls", values: ["sys_lseek", "sys_dup"] }],
      ...syscall("list:moves", { args: [arg(0, "int")], selectors: [{ matchArgs: [match(0, "Equal", ["-5121"])] }] }),
    },
    runs: [
      { act: ["lseek", "-5121", "0", "0"], events: [{ function_name: "~sys_lseek" }] },
      { act: ["dup", "-5121"], events: [{ function_name: "~sys_dup" }] },
      { act: ["dup", "-5122"], events: [] },
    ],
  },
  {
    ...base,
    name: "list-of-functions",
    group: "kprobe",
    hook: "kprobe",
    needs: ["kprobe|fentry"],
    shows: { other: "lists: functions" },
    spec: {
      lists: [{ name: "files", values: ["vfs_fallocate", "generic_file_llseek_size"] }],
      ...kprobe("list:files", { args: [arg(0, "file")], selectors: [{ matchArgs: [match(0, "Equal", [FILE])] }] }),
    },
    runs: [
      { act: ["fallocate", FILE, "1", "0", "1"], events: [{ function_name: "vfs_fallocate" }] },
      { act: ["seek", FILE, "3"], events: [{ function_name: "generic_file_llseek_size" }] },
    ],
  },
  {
    ...base,
    name: "two-hooks-of-one-call",
    shows: { other: "the same call twice in one policy" },
    spec: {
      kprobes: [5123, 5124].map((v) => ({
        call: "sys_lseek",
        syscall: true,
        args: [arg(2, "int")],
        selectors: [eq(v)],
        message: `hook ${v}`,
      })),
    },
    runs: [
      { act: whence(5123), events: [{ ...shown(5123), message: "hook 5123" }] },
      { act: whence(5124), events: [{ ...shown(5124), message: "hook 5124" }] },
      { act: whence(5125), events: [] },
    ],
  },
  {
    ...base,
    name: "message-and-tags",
    shows: { other: "message and tags" },
    spec: syscall("sys_lseek", {
      args: [arg(2, "int", { label: "whence" })],
      message: "a seek from nowhere",
      tags: ["tx.one", "tx.two"],
      selectors: [eq(5126)],
    }),
    runs: [
      {
        act: whence(5126),
        events: [
          { message: "a seek from nowhere", tags: ["tx.one", "tx.two"], args: [{ int_arg: 5126, label: "whence" }] },
        ],
      },
    ],
  },
  {
    ...base,
    name: "missing-call-ignored",
    shows: { other: "ignore.callNotFound" },
    group: "kprobe",
    spec: {
      kprobes: [
        { call: "tx_no_such_function", syscall: false, ignore: { callNotFound: true } },
        { call: "sys_lseek", syscall: true, args: [arg(2, "int")], selectors: [eq(5127)] },
      ],
    },
    runs: [{ act: whence(5127), events: [shown(5127)] }],
  },
  {
    ...base,
    name: "cel-expression",
    shows: { operator: "CelExpr", type: "int" },
    spec: syscall("sys_lseek", {
      args: [arg(1, "int64"), arg(2, "int32")],
      selectors: [
        { matchArgs: [{ args: [1, 2], operator: "CelExpr", values: ["arg0 > 100 && arg1 == int32(5128)"] }] },
      ],
    }),
    runs: [
      { act: seek(101, 5128), events: [{ args: [{ long_arg: "101" }, { int_arg: 5128 }] }] },
      { act: seek(100, 5128), events: [] },
      { act: seek(101, 5129), events: [] },
    ],
  },
];
