import type { CommandSpec } from "./command.ts";
import { SET_FLAG } from "./policy-variables.ts";

/** `telovix policy check`; it needs no Console, no Sensor and no kernel. */
export const POLICY_CHECK: CommandSpec = {
  name: "policy check",
  summary: "Check tracing policies, without a kernel.",
  description:
    "Says of every document in the files whether it is a valid policy, and of every problem where it stands, what is\nwrong and what to write instead. Of a directory all *.yaml and *.yml files below it are checked; - is standard input.\nWhat only a host can know (functions, tracepoints, kernel features) is looked at with --here, by this host's engine.\nExit code 0: all valid; 1: a policy is invalid; 2: called wrongly, or a file can't be read.",
  args: "file|dir...",
  flags: [
    SET_FLAG,
    { name: "here", help: "Look functions, tracepoints, types and files up on this host, too." },
    { name: "json", help: "Print JSON." },
  ],
  examples: [
    "telovix policy check policies/",
    "helm template CHART | telovix policy check -",
    "telovix policy check egress.yaml --set PODCIDR=10.244.0.0/16 --set SERVICECIDR=10.96.0.0/12",
  ],
  load: () => import("./policy-check.ts"),
};
