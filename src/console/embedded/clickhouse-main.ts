import { runClickhouseChild } from "./clickhouse-child.ts";

// How the child is started from sources; the executable has the command `internal clickhouse` for it.
const controller = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => controller.abort());
await runClickhouseChild(process.argv.slice(2), controller.signal);
process.exit(0);
