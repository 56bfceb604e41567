import type { CommandSpec, FlagSpec } from "./command.ts";
import { BENCH_COMMANDS } from "./bench-commands.ts";
import { CONSOLE_COMMANDS } from "./console-commands.ts";
import { CONSOLE_STORE_COMMANDS } from "./console-store-commands.ts";
import { POLICY_CHECK } from "./policy-check-command.ts";
import { POLICY_COMMANDS } from "./policy-commands.ts";
import { SENSOR_COMMANDS, STATE_DIR } from "./sensor-commands.ts";
import { SIM_COMMANDS } from "./sim-commands.ts";
import { VERIFY } from "./verify-command.ts";

const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };

/** Every command; the code of each is loaded only when it is called. */
export const COMMANDS: readonly CommandSpec[] = [
  ...CONSOLE_COMMANDS,
  ...CONSOLE_STORE_COMMANDS,
  ...SENSOR_COMMANDS,
  POLICY_CHECK,
  ...POLICY_COMMANDS,
  ...SIM_COMMANDS,
  ...BENCH_COMMANDS,
  VERIFY,
  {
    name: "doctor",
    summary: "Say what this host can do, and what is in the way.",
    description:
      "Looks at the kernel, BTF, each hook mechanism, the clock, disk space, ports, and the sensor of this node when it is enrolled.\nExit code 0: all well; 3: usable with limits; 1: cannot run here.",
    flags: [
      JSON_FLAG,
      { name: "data-dir", value: "dir", help: "Directory whose disk is looked at.", default: "/var/lib" },
      { name: "port", value: "number", help: "Port the Console would listen on.", default: "15483" },
      STATE_DIR,
    ],
    load: () => import("./doctor/doctor.ts"),
  },
  { name: "version", summary: "Print the version.", flags: [JSON_FLAG], load: () => import("./version.ts") },
  {
    name: "completion",
    summary: "Print a shell completion script.",
    args: "bash|zsh|fish",
    flags: [],
    examples: ["telovix completion bash > /etc/bash_completion.d/telovix"],
    load: () => import("./completion.ts"),
  },
  {
    name: "help",
    summary: "Show help, for all or for one command.",
    args: "[command]",
    flags: [],
    load: () => import("./help-command.ts"),
  },
  {
    name: "internal console-worker",
    summary: "Serve a Console's port beside others (started by the Console).",
    hidden: true,
    args: "socket number",
    flags: [],
    load: () => import("./internal-console-worker.ts"),
  },
  {
    name: "internal clickhouse",
    summary: "Run the embedded ClickHouse engine (started by the Console).",
    hidden: true,
    args: "[options]",
    flags: [],
    load: () => import("./internal-clickhouse.ts"),
  },
];
