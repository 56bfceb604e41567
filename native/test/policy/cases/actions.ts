/** Every action, for every kind of hook that may have it: the event, and the effect seen from inside. */
import type { Case } from "../case.ts";
import { NOT_EMPTY } from "../match.ts";
import { plainReturnSites, plainSites } from "../matrix/plain.ts";
import { actionCase, notIn, type ActionCase } from "./action-case.ts";
import { REFUSABLE_ACTIONS } from "./refusable-actions.ts";
import { doneAt, MONITORED } from "./told.ts";

let next = 6600;

const CATCH = ["catch", "10", "+"];
const CAUGHT = ["+", "caught"];
/** The stack of a task that a program names, not only that of its own context. */
const TASK = "task_stack";
/** What tells of a function is no place to stop it. */
const ENFORCES = { refused: notIn("fentry", "fexit") };

const ACTIONS: readonly ActionCase[] = [
  {
    name: "Post",
    actions: [{ action: "Post" }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, "POST") }] }],
    short: true,
  },
  { name: "NoPost", actions: [{ action: "NoPost" }], runs: (s, v) => [{ act: s.act(v), events: [] }] },
  {
    name: "Post kernelStackTrace",
    needsAt: { tracepoint: TASK, uprobe: TASK, usdt: TASK, kretprobe: TASK, fexit: TASK, uretprobe: TASK },
    actions: [{ action: "Post", kernelStackTrace: true }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), kernel_stack_trace: NOT_EMPTY }] }],
    refused: { lsm: "no stack traces" },
  },
  {
    name: "Post userStackTrace",
    needsAt: { kretprobe: TASK, fexit: TASK, uretprobe: TASK },
    actions: [{ action: "Post", userStackTrace: true }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), user_stack_trace: NOT_EMPTY }] }],
    refused: { lsm: "no stack traces" },
  },
  {
    name: "Post rateLimit process",
    actions: [{ action: "Post", rateLimit: "5m", rateLimitScope: "process" }],
    runs: (s, v) =>
      [0, 1].map(() => ({ act: ["times=3", ...s.act(v), "+", "thread", ...s.act(v)], events: [s.event(v)] })),
  },
  {
    name: "Post rateLimit thread",
    actions: [{ action: "Post", rateLimit: "5m", rateLimitScope: "thread" }],
    runs: (s, v) => [
      { act: ["times=3", ...s.act(v), "+", "thread", "times=2", ...s.act(v)], events: [s.event(v), s.event(v)] },
    ],
  },
  {
    name: "Post rateLimit global",
    actions: [{ action: "Post", rateLimit: "5m", rateLimitScope: "global" }],
    runs: (s, v) => [
      { act: ["times=3", ...s.act(v)], events: [s.event(v)] },
      { act: s.act(v), events: [] },
    ],
  },
  {
    ...ENFORCES,
    name: "Sigkill",
    actions: [{ action: "Sigkill" }],
    runs: (s, v) => [
      { act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, "SIGKILL") }], effect: { signal: 9, ret: -2 } },
    ],
    short: true,
  },
  {
    ...ENFORCES,
    name: "Sigkill monitor",
    monitor: true,
    actions: [{ action: "Sigkill" }],
    runs: (s, v) => [
      { act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, "SIGKILL"), ...MONITORED }], effect: { signal: 0 } },
    ],
  },
  {
    ...ENFORCES,
    name: "Signal",
    actions: [{ action: "Signal", argSig: 10 }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), ...doneAt(s, "SIGNAL") }],
        effect: { signal: 0, extra: { caught: 10 } },
      },
    ],
  },
  // NoPost or not: nothing is enforced in silence.
  {
    ...ENFORCES,
    name: "Signal NoPost",
    actions: [{ action: "Signal", argSig: 10 }, { action: "NoPost" }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), telovix: { enforced: { method: "signal", stopped: false } } }],
        effect: { signal: 0, extra: { caught: 10 } },
      },
    ],
  },
  {
    ...ENFORCES,
    name: "Signal monitor",
    monitor: true,
    actions: [{ action: "Signal", argSig: 10 }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), ...doneAt(s, "SIGNAL"), ...MONITORED }],
        effect: { signal: 0, extra: { caught: 0 } },
      },
    ],
  },
];

export const actionCases: Case[] = [...plainSites, ...plainReturnSites].flatMap((site) =>
  [...ACTIONS, ...REFUSABLE_ACTIONS]
    .filter((a) => a.elsewhere?.includes(site.hook) !== true)
    .map((a) => actionCase(site, a, next++)),
);
