/** Every action, for every kind of hook that may have it: the event, and the effect seen from inside. */
import type { Case, HookKind, JsonObject, Run } from "../case.ts";
import { NOT_EMPTY } from "../match.ts";
import { plainSites, type Plain } from "../matrix/plain.ts";
import { done, MONITOR, monitored } from "./told.ts";

let next = 6600;

interface ActionCase {
  readonly name: string;
  readonly actions: readonly JsonObject[];
  readonly runs: (site: Plain, v: number) => readonly Run[];
  /** Policy-wide options. */
  readonly monitor?: boolean;
  /** Kinds of hooks that cannot have it by the format's own rules. */
  readonly not?: readonly HookKind[];
  readonly short?: boolean;
}

const CATCH = ["catch", "10", "+"];
const CAUGHT = ["+", "caught"];

const ACTIONS: readonly ActionCase[] = [
  {
    name: "Post",
    actions: [{ action: "Post" }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), ...done("POST") }] }],
    short: true,
  },
  { name: "NoPost", actions: [{ action: "NoPost" }], runs: (s, v) => [{ act: s.act(v), events: [] }] },
  {
    name: "Post kernelStackTrace",
    actions: [{ action: "Post", kernelStackTrace: true }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), kernel_stack_trace: NOT_EMPTY }] }],
    not: ["lsm", "uprobe", "usdt"],
  },
  {
    name: "Post userStackTrace",
    actions: [{ action: "Post", userStackTrace: true }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), user_stack_trace: NOT_EMPTY }] }],
    not: ["lsm"],
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
    // The name that is set there is that of the thread which sets it.
    not: ["raw tracepoint"],
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
    name: "Sigkill",
    actions: [{ action: "Sigkill" }],
    runs: (s, v) => [
      { act: s.act(v), events: [{ ...s.event(v), ...done("SIGKILL") }], effect: { signal: 9, ret: -2 } },
    ],
    not: ["fentry"],
    short: true,
  },
  {
    name: "Sigkill monitor",
    monitor: true,
    actions: [{ action: "Sigkill" }],
    runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), ...monitored("SIGKILL") }], effect: { signal: 0 } }],
    not: ["fentry"],
  },
  {
    name: "Signal",
    actions: [{ action: "Signal", argSig: 10 }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), ...done("SIGNAL") }],
        effect: { signal: 0, extra: { caught: 10 } },
      },
    ],
    not: ["fentry"],
  },
  // NoPost or not: nothing is enforced in silence.
  {
    name: "Signal NoPost",
    actions: [{ action: "Signal", argSig: 10 }, { action: "NoPost" }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), telovix: { enforced: { method: "signal", stopped: false } } }],
        effect: { signal: 0, extra: { caught: 10 } },
      },
    ],
    not: ["fentry"],
  },
  {
    name: "Signal monitor",
    monitor: true,
    actions: [{ action: "Signal", argSig: 10 }],
    runs: (s, v) => [
      {
        act: [...CATCH, ...s.act(v), ...CAUGHT],
        events: [{ ...s.event(v), ...monitored("SIGNAL") }],
        effect: { signal: 0, extra: { caught: 0 } },
      },
    ],
    not: ["fentry"],
  },
];

export const actionCases: Case[] = plainSites.flatMap((site) =>
  ACTIONS.filter((a) => a.not?.includes(site.hook) !== true).map((a) => {
    const v = next++;
    return {
      name: `${site.hook}-${a.name}`.toLowerCase().replaceAll(" ", "-"),
      group: site.hook,
      hook: site.hook,
      shows: { action: a.name },
      spec: {
        ...site.spec({ args: site.args, selectors: [{ ...site.only(v), matchActions: a.actions }] }),
        ...(a.monitor === true ? MONITOR : {}),
      },
      needs: site.needs,
      runs: a.runs(site, v),
      ...(a.short === true ? { short: true } : {}),
    };
  }),
);
