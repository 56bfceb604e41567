import type { CommandSpec, FlagSpec } from "./command.ts";

const CONSOLE_FLAGS: readonly FlagSpec[] = [
  { name: "console", value: "url", help: "Address of the Console, https://host:15483." },
  { name: "pin", value: "sha256//…", help: "Hash of the Console's public key, as the Console prints it." },
  { name: "ca-file", value: "file", help: "Trust this CA instead of a pin." },
];

/** How a simulated fleet behaves. What is not given a scenario may set, so the usual values are not the flags' own. */
export const BEHAVIOUR_FLAGS: readonly FlagSpec[] = [
  { name: "n", value: "number", help: "Sensors. Default: 100." },
  { name: "seed", value: "number", help: "The same seed makes the same events. Default: 1." },
  { name: "profile", value: "a,b", help: "What the hosts are. Default: web,db,5gcore." },
  { name: "eps", value: "number", help: "Events a second and sensor. Default: 5." },
  { name: "alerts", value: "share", help: "Share of the events that are alerts. Default: 0.01." },
  { name: "burst", value: "p:events", help: "In each second, with probability p, so many events at once." },
  { name: "clock-skew", value: "share", help: "Share of sensors whose clock is a day off. Default: 0." },
  { name: "rogue", value: "share", help: "Share of sensors that break the rules. Default: 0." },
  { name: "flap", value: "share", help: "Share of sensors that lose their connection all the time. Default: 0." },
  { name: "ramp", value: "time", help: "Over this time the sensors start. Default: 10s." },
  {
    name: "duration",
    value: "time",
    help: "From the first sensor's start to the last event; longer than the ramp. Default: a minute more than the ramp.",
  },
  { name: "queue", value: "events", help: "Events a sensor keeps while it cannot send them. Default: 100000." },
];

const STATE: FlagSpec = {
  name: "state",
  value: "dir",
  help: "Where keys and certificates of the fleet are kept. Default: /var/lib/telovix-sim.",
};
const DATA_DIR: FlagSpec = {
  name: "data-dir",
  value: "dir",
  help: "Data directory of a Console on this host: gives tokens, and what is stored, to compare with.",
};
const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };

/** Commands that play a fleet, and measure. */
export const SIM_COMMANDS: readonly CommandSpec[] = [
  {
    name: "sim sensors",
    summary: "Play a fleet of sensors against a Console, over mutual TLS.",
    description:
      "Keys and certificates are made once and kept, so that the next run starts at once. Events are a function of the\nseed. With --check the Console's store is read afterwards: what was made must be stored or in the loss ledger, to the event.",
    flags: [
      ...CONSOLE_FLAGS,
      { name: "token", value: "tse_…", help: "One-time token; for a fleet of one." },
      { name: "cluster-token", value: "tse_…", help: "Token that enrols many nodes." },
      STATE,
      DATA_DIR,
      ...BEHAVIOUR_FLAGS,
      { name: "processes", value: "number", help: "Processes to spread over. Default: 2 from 1,000 sensors on." },
      { name: "check", help: "Compare with the Console's store; exit code 1 when it does not add up." },
      {
        name: "clickhouse-url",
        value: "url",
        help: "Where --check looks, for a Console with a ClickHouse of its own.",
      },
      { name: "record", value: "file", help: "Write down how the fleet behaved and what it made, as JSON." },
      {
        name: "replay",
        value: "file",
        help: "Play what was recorded again; exit code 1 when it does not come to the same events.",
      },
      JSON_FLAG,
    ],
    examples: [
      "telovix sim sensors --data-dir /var/lib/telovix-console --n 1000 --duration 2m --check",
      "telovix sim sensors --console https://console:15483 --pin 'sha256//…' --cluster-token tse_… --n 10000 --ramp 5m --burst 0.01:500 --flap 0.1",
      "telovix sim sensors --data-dir /var/lib/telovix-console --replay friday.json --check",
    ],
    load: () => import("./sim-sensors.ts"),
  },
  {
    name: "sim expect",
    summary: "Say how many events a fleet makes, without playing it.",
    flags: [...BEHAVIOUR_FLAGS, JSON_FLAG],
    load: () => import("./sim-expect.ts"),
  },
  {
    name: "sim scenario",
    summary: "Play one disaster against a Console of its own, and say whether it passed.",
    description:
      "Starts a Console in a directory of its own, plays the fleet and the scenario, and compares with the store: passed means that\nevery event made is stored or in the loss ledger, to the event, and that what the scenario promises was seen. Without a name the\nscenarios are listed; 'all' plays each. What the call says of the fleet goes before what a scenario wants.",
    args: "[name|all]",
    flags: [
      STATE,
      ...BEHAVIOUR_FLAGS,
      { name: "processes", value: "number", help: "Processes of the simulator. Default: 2 from 1,000 sensors on." },
      { name: "dir", value: "dir", help: "Where the Console's directory is made. Default: that for temporary files." },
      { name: "workers", value: "number", help: "Worker processes of the Console." },
      { name: "outage", value: "time", help: "So long what breaks stays broken.", default: "15s" },
      {
        name: "kafka-jars",
        value: "dir",
        help: "Apache Kafka's jar files, for kafka-down; it needs Java. Default: TELOVIX_SIM_KAFKA_JARS.",
      },
      { name: "out", value: "file", help: "Also write the results to this file, as JSON, with this machine and call." },
      JSON_FLAG,
    ],
    examples: [
      "telovix sim scenario console-restart --n 1000 --duration 90s",
      "telovix sim scenario kafka-down --kafka-jars /opt/kafka/libs --duration 90s",
    ],
    load: () => import("./sim-scenario.ts"),
  },
  {
    name: "internal sim",
    summary: "Play a part of a fleet (started by sim sensors).",
    hidden: true,
    flags: [],
    load: () => import("./internal-sim.ts"),
  },
];
