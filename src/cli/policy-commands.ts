import type { CommandSpec, FlagSpec } from "./command.ts";
import { SET_FLAG } from "./policy-variables.ts";

const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };
const STATE_DIR_FLAG: FlagSpec = {
  name: "dir",
  value: "dir",
  help: "State directory of the sensor. Default: /var/lib/telovix-sensor.",
};

/** Commands on policies and on the plans they become. */
export const POLICY_COMMANDS: readonly CommandSpec[] = [
  {
    name: "policy explain",
    summary: "Say what a policy does, and how a host would run it.",
    description:
      "Reads a policy or a plan and says of each hook what it looks at, what it does, by which kernel mechanism a host would\nrun it, and about what it costs. Exit code 0: it can run; 3: a part of it can't run on the host.",
    args: "file",
    flags: [
      {
        name: "host-facts",
        value: "file",
        help: "What the host can do, from 'telovix-engine probe --json' there. Default: this host.",
      },
      { name: "mode", value: "monitor|enforce", help: "As if it were loaded in this mode." },
      SET_FLAG,
      JSON_FLAG,
    ],
    examples: ["telovix policy explain file-watch.yaml"],
    load: () => import("./policy-explain.ts"),
  },
  {
    name: "policy run",
    summary: "Run policies on this host, and print what they report.",
    description: "Starts an engine of its own until Ctrl-C. Nothing is stopped unless --enforce is given.",
    args: "file...",
    flags: [
      { name: "enforce", help: "Stop what the policies say must be stopped." },
      { name: "all", help: "Show also the events no policy asked for." },
      { name: "out", value: "dir", help: "Keep the engine's files here." },
      SET_FLAG,
      { name: "json", help: "Print the engine's lines as they are." },
    ],
    examples: ["telovix policy run file-watch.yaml"],
    load: () => import("./policy-run.ts"),
  },
  {
    name: "policy test",
    summary: "Try on this host whether policies see what they are for.",
    description:
      "Starts an engine of its own with the policies of packs, directories or files, carries out the harmless actions that\ntheir self-tests name, and looks whether each is told. Nothing is stopped and nothing left behind. Needs root.\nExit code 0: every policy fired, or another that sees the same; 1: one did not.",
    args: "pack|dir|file...",
    flags: [JSON_FLAG],
    examples: ["telovix policy test linux-baseline"],
    load: () => import("./policy-test/test.ts"),
  },
  {
    name: "policy list",
    summary: "List the policies the engine of this host's sensor runs.",
    flags: [STATE_DIR_FLAG, JSON_FLAG],
    load: () => import("./policy-list.ts"),
  },
  {
    name: "policy add",
    summary: "Give this host's sensor policies of its own, beside its packs.",
    description:
      "Checks and compiles the policies and hands them to the sensor, which keeps them over restarts. One of the same name is\nexchanged without a gap. They stop something only where enforcement is on: see 'policy mode'.\nExit code 0: the engine runs them; 3: it rejected one.",
    args: "file...",
    flags: [STATE_DIR_FLAG, SET_FLAG, JSON_FLAG],
    examples: ["telovix policy add file-watch.yaml"],
    load: () => import("./policy-add.ts"),
  },
  {
    name: "policy remove",
    summary: "Take policies that were added on this host away again.",
    args: "name...",
    flags: [STATE_DIR_FLAG, JSON_FLAG],
    examples: ["telovix policy remove file-watch"],
    load: () => import("./policy-remove.ts"),
  },
  {
    name: "policy mode",
    summary: "Say whether policies on this host stop something, only tell, or do nothing.",
    description:
      "monitor: it only tells. enforce: it stops what it says must be stopped. off: it is not loaded. default: as the policy and\nthe sensor's settings have it. With --all monitor nothing is stopped on this host any more, at once and whatever else is\nset, until --all default.",
    args: "name... mode",
    flags: [{ name: "all", help: "The switch over all policies: monitor or default." }, STATE_DIR_FLAG, JSON_FLAG],
    examples: ["telovix policy mode file-watch enforce", "telovix policy mode --all monitor"],
    load: () => import("./policy-mode.ts"),
  },
  {
    name: "policy convert",
    summary: "Turn a policy into the plan an engine loads, or a plan into JSON.",
    args: "file",
    flags: [
      { name: "to", value: "json|plan", help: "What it becomes.", default: "json" },
      { name: "out", value: "path", help: "File or directory to write to. Default: standard output, for JSON." },
      SET_FLAG,
    ],
    examples: ["telovix policy convert file-watch.yaml --to plan --out file-watch.plan"],
    load: () => import("./policy-convert.ts"),
  },
];
