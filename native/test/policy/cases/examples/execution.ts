/** What is executed, and what programs do inside. */
import { ACT, ALPHA, BETA, DIR, type Case } from "../../case.ts";
import { NOT_EMPTY } from "../../match.ts";
import { arg, kprobe, lsm, match, tracepoint } from "../../spec.ts";
import { example, inAlpha, other, secret, SECURITY } from "./example.ts";

export const executionExamples: Case[] = [
  example({
    name: "example-security-bprm-check",
    hook: "kprobe",
    spec: kprobe("security_bprm_check", {
      args: [arg(0, "linux_binprm")],
      selectors: [{ matchArgs: [match(0, "Equal", [ALPHA])] }],
    }),
    needs: SECURITY,
    runs: [
      {
        act: [`exec=${ALPHA}`, "nothing"],
        events: [{ function_name: "~bprm_check", args: [{ linux_binprm_arg: { path: ALPHA } }] }],
      },
      { act: [`exec=${BETA}`, "nothing"], events: [] },
    ],
  }),
  example({
    name: "example-lsm-file-open",
    hook: "lsm",
    spec: lsm("file_open", {
      args: [arg(0, "file")],
      selectors: [{ ...inAlpha, matchArgs: [match(0, "Equal", [secret])] }],
    }),
    needs: ["lsm"],
    runs: [
      {
        act: [`exec=${ALPHA}`, "open", secret, "0"],
        events: [{ event: "process_lsm", function_name: "file_open", args: [{ file_arg: { path: secret } }] }],
      },
      { act: [`exec=${BETA}`, "open", secret, "0"], events: [] },
      { act: [`exec=${ALPHA}`, "open", other, "0"], events: [] },
    ],
    short: true,
  }),
  example({
    name: "example-lsm-bprm-hash",
    hook: "lsm",
    spec: lsm("bprm_check_security", {
      args: [arg(0, "linux_binprm")],
      selectors: [
        { matchArgs: [match(0, "Postfix", ["bin/beta"])], matchActions: [{ action: "Post", imaHash: true }] },
      ],
    }),
    needs: ["lsm", "ima"],
    runs: [
      {
        act: [`exec=${BETA}`, "nothing"],
        events: [{ event: "process_lsm", args: [{ linux_binprm_arg: { path: BETA } }], ima_hash: "~sha256:" }],
      },
      { act: [`exec=${ALPHA}`, "nothing"], events: [] },
    ],
  }),
  example({
    name: "example-raw-exec",
    hook: "raw tracepoint",
    spec: tracepoint("sched/sched_process_exec", { raw: true, args: [arg(2, "linux_binprm")], selectors: [inAlpha] }),
    needs: [],
    runs: [
      {
        act: [`exec=${ALPHA}`, "nothing"],
        among: true,
        events: [{ event: "process_tracepoint", args: [{ linux_binprm_arg: { path: ALPHA } }] }],
      },
    ],
  }),
  example({
    name: "example-uprobe",
    hook: "uprobe",
    spec: { uprobes: [{ path: ACT, symbols: ["tx_user_other", "tx_user_return"] }] },
    needs: ["uprobe"],
    runs: [
      {
        act: ["user-other"],
        events: [{ event: "process_uprobe", path: ACT, symbol: "tx_user_other", action: "KPROBE_ACTION_POST" }],
      },
      { act: ["user-return", "4"], events: [{ event: "process_uprobe", path: ACT, symbol: "tx_user_return" }] },
      { act: ["user-ints", "1", "2", "3"], events: [] },
    ],
    short: true,
  }),
  example({
    name: "example-loader",
    hook: "loader",
    spec: { loader: true },
    needs: [],
    runs: [
      {
        act: [`exec=${DIR}/bin/dynamic`, "nothing"],
        anyProcess: true,
        among: true,
        events: [{ event: "process_loader", path: NOT_EMPTY, buildid: NOT_EMPTY }],
      },
    ],
  }),
];
