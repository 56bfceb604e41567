import type { CommandSpec, FlagSpec } from "./command.ts";
import { SET_FLAG } from "./policy-variables.ts";

const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };

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
    flags: [
      { name: "dir", value: "dir", help: "State directory of the sensor. Default: /var/lib/telovix-sensor." },
      JSON_FLAG,
    ],
    load: () => import("./policy-list.ts"),
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
