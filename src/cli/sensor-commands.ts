import type { CommandSpec, FlagSpec } from "./command.ts";

/** Of every command that looks at the sensor of this node. */
export const STATE_DIR: FlagSpec = {
  name: "state-dir",
  value: "dir",
  help: "Where keys, spool and engine are kept. Default: /var/lib/telovix-sensor.",
};

/** Commands of the Sensor role. */
export const SENSOR_COMMANDS: readonly CommandSpec[] = [
  {
    name: "enroll",
    summary: "Join this host to a Console.",
    description:
      "Makes a key that never leaves this host, and exchanges a one-time token for a certificate. A Console that is busy or away is asked again.",
    flags: [
      { name: "token", value: "tse_…", help: "One-time token from the Console (Deploy Sensor)." },
      { name: "token-file", value: "file", help: "Read the token from a file instead; - is standard input." },
      { name: "console", value: "url", help: "Address of the Console, https://host:15483." },
      { name: "pin", value: "sha256//…", help: "Hash of the Console's public key, as the Console prints it." },
      { name: "ca-file", value: "file", help: "Trust this CA instead of a pin." },
      STATE_DIR,
      { name: "node-name", value: "name", help: "Name of this node. Default: its host name." },
      { name: "role", value: "role", field: "declared_role", help: "Role it is declared as. Default: generic_linux." },
      { name: "flavor", value: "standard|telecom", help: "Flavour of the sensor.", default: "standard" },
      { name: "cluster", value: "name", help: "Cluster the node belongs to." },
      { name: "tag", value: "key:value", field: "tags", help: "A tag for the node.", many: true },
      { name: "force", help: "Replace an enrolment that is there; what waits in the spool stays." },
      {
        name: "wait",
        value: "time",
        help: "How long a Console that is busy or away is asked again; 0s: once.",
        default: "10m",
      },
      { name: "json", help: "Print JSON." },
    ],
    examples: ["telovix enroll --console https://console:15483 --pin 'sha256//…' --token tse_…"],
    load: () => import("./enroll.ts"),
  },
  {
    name: "sensor run",
    summary: "Run the Sensor on this host.",
    flags: [
      STATE_DIR,
      {
        name: "log-format",
        value: "text|json",
        help: "Log lines for people or for machines. Default: text on a terminal, else json.",
      },
      { name: "log-level", value: "level", help: "debug, info, warn or error. Default: info." },
      {
        name: "packs",
        value: "a,b",
        help: "Policy packs the engine runs; none for none. Default: linux-baseline.",
      },
      { name: "exit-with-parent", help: "End at once when the process that started it is gone." },
    ],
    load: () => import("./sensor-run.ts"),
  },
  {
    name: "sensor uninstall",
    summary: "Stop the sensor, tell the Console, and remove what was installed.",
    flags: [
      STATE_DIR,
      { name: "keep-state", help: "Leave the state directory in place." },
      { name: "yes", help: "Do not ask." },
    ],
    load: () => import("./sensor-uninstall.ts"),
  },
];
