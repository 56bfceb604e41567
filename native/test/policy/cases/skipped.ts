/** Runs that the kernel skips: of a function that our own programs call, while one of them runs. */
import { DIR, type Case } from "../case.ts";
import { arg, kprobe, match, tracepoint } from "../spec.ts";

const SKIPPED_TEXT = "tx-skipped";

export const skippedCases: Case[] = [
  {
    name: "skipped-within",
    group: "unknown",
    hook: "tracepoint",
    shows: { other: "a kprobe in what a tracepoint's program calls" },
    spec: {
      // Its program reads text of the process, which is the function below.
      ...tracepoint("syscalls/sys_enter_symlinkat", {
        args: [arg(5, "string")],
        selectors: [{ matchArgs: [match(5, "Equal", [SKIPPED_TEXT])] }],
      }),
      ...kprobe("strncpy_from_user_nofault", {
        selectors: [
          // Of nobody. What could enforce is served by a kprobe wherever there are some.
          { matchBinaries: [{ operator: "In", values: [`${DIR}/nobody`] }], matchActions: [{ action: "Sigkill" }] },
        ],
      }),
    },
    needs: ["kprobe", "tracepoint"],
    runs: [{ act: ["symlinkat", SKIPPED_TEXT], events: [{ args: [{ string_arg: SKIPPED_TEXT }] }] }],
  },
];
