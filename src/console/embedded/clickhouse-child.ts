import { chmod, readdir, rm } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { loadChdb } from "./chdb.ts";
import { ChdbEngine } from "./chdb-engine.ts";
import { handleClickHouse } from "./chdb-http.ts";

const MAX_BODY_BYTES = 256 * 1024 * 1024;
const PARENT_CHECK_MS = 250;
/**
 * Where there is more to do than the host's cores can, what is stored comes later, and the Console and PostgreSQL go on answering: sensors
 * keep what is not acknowledged, but who waits for a heartbeat's answer takes the node for dead.
 */
const NICE = 5;
/** Exit code. */
const BROKEN_PARTS = 74;

/** Every thread: each has a priority of its own, and from then on of the one that makes it. */
async function stepBack(): Promise<void> {
  // Never before the Console itself, which somebody may have made step back.
  const niceness = Math.min(19, getPriority() + NICE);
  for (const thread of await readdir("/proc/self/task")) setPriority(Number(thread), niceness);
}

/**
 * The process that holds ClickHouse's engine: `internal clickhouse --addon FILE --path DIR --socket FILE --config FILE
 * --database NAME --parent PID`. Serves its HTTP interface on the Unix socket, whose directory keeps everyone else out; ends with
 * the signal, or at once when its parent is gone. A crash of the engine takes this process along, and nothing else.
 */
export async function runClickhouseChild(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      addon: { type: "string" },
      path: { type: "string" },
      socket: { type: "string" },
      config: { type: "string" },
      database: { type: "string" },
      parent: { type: "string" },
    },
  });
  const { addon, path, socket, config, database, parent } = values;
  if (!addon || !path || !socket || !config || !database || !parent)
    throw new Error("internal clickhouse: an argument is missing");
  await stepBack();
  const parentPid = Number(parent);
  const watch = setInterval(() => {
    // An orphan would hold the data against its successor. No goodbye: what was acknowledged is on disk.
    if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL");
  }, PARENT_CHECK_MS);
  const engine = new ChdbEngine(loadChdb(addon), path, [`--config-file=${config}`], dirname(socket), (what) => {
    process.stderr.write(`parts of the event store cannot be read, it starts again to put them aside: ${what}\n`);
    // Who waits for an insert is told first.
    setTimeout(() => process.exit(BROKEN_PARTS), 100);
  });
  await engine.command(`CREATE DATABASE IF NOT EXISTS \`${database}\` ENGINE = Atomic`);
  engine.start();
  await rm(socket, { force: true });
  const server = Bun.serve({
    unix: socket,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch: (request, self) => {
      // A slow question is not an idle connection; the engine's own limits end it.
      self.timeout(request, 0);
      return handleClickHouse(engine, request);
    },
  });
  await chmod(socket, 0o600);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(watch);
  await server.stop();
  await engine.close();
}
