import type { CommandSpec, FlagSpec } from "./command.ts";
import { BEHAVIOUR_FLAGS } from "./sim-commands.ts";

const OUT: FlagSpec = { name: "out", value: "file", help: "Also write the figures to this file, as JSON." };
const DIR: FlagSpec = {
  name: "dir",
  value: "dir",
  help: "Where scratch data is made. Default: that for temporary files.",
};
const WORKERS: FlagSpec = { name: "workers", value: "number", help: "Worker processes of the Console." };
const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };

/** Commands that measure this host, each figure beside its budget. Exit code 1 when one is over. */
export const BENCH_COMMANDS: readonly CommandSpec[] = [
  {
    name: "bench ingest",
    summary: "Measure how many events a second reach the store, beside what the store alone inserts.",
    description: "Starts a Console of its own; a few sensors send as fast as they are granted.",
    flags: [
      { name: "n", value: "number", help: "Sensors.", default: "8" },
      { name: "duration", value: "time", help: "Measured for this long, after five seconds.", default: "20s" },
      WORKERS,
      DIR,
      OUT,
      JSON_FLAG,
    ],
    load: () => import("./bench-ingest.ts"),
  },
  {
    name: "bench stream",
    summary: "Measure how long an alert takes from its node to a browser, under the load of a fleet.",
    description: "Starts a Console of its own and plays the fleet against it; every event must add up afterwards.",
    flags: [
      ...BEHAVIOUR_FLAGS,
      { name: "state", value: "dir", help: "Where the fleet's keys are kept. Default: /var/lib/telovix-sim." },
      WORKERS,
      DIR,
      OUT,
      JSON_FLAG,
    ],
    examples: ["telovix bench stream --n 1000 --duration 2m"],
    load: () => import("./bench-stream.ts"),
  },
  {
    name: "bench query",
    summary: "Measure queries over many stored events.",
    description:
      "Generates events into a store of its own, some of sensors with wrong clocks, and asks the Console's own routes over HTTP.",
    flags: [
      { name: "rows", value: "number", help: "Events to generate; 100M is understood.", default: "10M" },
      { name: "sensors", value: "number", help: "Sensors they are of.", default: "200" },
      { name: "days", value: "number", help: "Days they are spread over.", default: "7" },
      {
        name: "data-dir",
        value: "dir",
        help: "Keep the events in this directory; a later run with the same numbers asks them again. Default: scratch data.",
      },
      DIR,
      OUT,
      JSON_FLAG,
    ],
    load: () => import("./bench-query.ts"),
  },
];
