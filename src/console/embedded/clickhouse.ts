import { chmod, mkdir, stat, statfs, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { Supervisor } from "../../core/supervise.ts";
import type { ClickHouseTarget } from "../stores/clickhouse.ts";
import { findClosedDirectory, type Account } from "./account.ts";
import { ENGINE_THREADS } from "./chdb-engine.ts";
import { clickhouseConfig, engineMemoryBytes, engineReserveBytes } from "./clickhouse-config.ts";
import { chownTree, prepareDataDir, privateDir, shortSocketDir } from "./directories.ts";
import type { EmbeddedPrograms } from "./development.ts";
import { lockDirectory } from "./lock.ts";
import { RunningServer } from "./running-server.ts";
import { StartRoom } from "./start-room.ts";

const DATABASE = "telovix";

export interface EmbeddedClickHouseOptions {
  readonly dataDir: string;
  readonly programs: Pick<EmbeddedPrograms, "clickhouseAddon" | "clickhouseCommand">;
  readonly account: Account | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A running ClickHouse of ours; the target stays the same over restarts. */
export interface EmbeddedClickHouse extends AsyncDisposable {
  readonly server: RunningServer;
  readonly target: ClickHouseTarget;
}

async function answersAs(socketPath: string, pid: number, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch("http://embedded.invalid/ping", { unix: socketPath, signal });
    await response.arrayBuffer();
    return response.headers.get("x-telovix-pid") === String(pid);
  } catch {
    return false; // Not there yet.
  }
}

/** The account, if it can reach every program it has to start; else undefined, and a warning. */
async function usableAccount(options: EmbeddedClickHouseOptions, log: Log): Promise<Account | undefined> {
  const { programs, account } = options;
  if (!account) return undefined;
  for (const file of [programs.clickhouseCommand[0], programs.clickhouseAddon]) {
    const closed = await findClosedDirectory(dirname(file));
    if (closed === undefined) continue;
    log.warn("the event engine runs as root: its own account cannot reach the program", { file, closed });
    return undefined;
  }
  return account;
}

/**
 * Starts ClickHouse's engine in a child process on `<dataDir>/clickhouse`. It serves a Unix socket, runs under the account, and
 * is started again on the same data whenever it ends. Rejects with AppError `unavailable`.
 */
export async function startEmbeddedClickHouse(options: EmbeddedClickHouseOptions): Promise<EmbeddedClickHouse> {
  const log = options.log.child("clickhouse");
  const account = await usableAccount(options, log);
  const home = join(options.dataDir, "clickhouse");
  await prepareDataDir(options.dataDir, account);
  await mkdir(home, { recursive: true, mode: 0o711 });
  await chmod(home, 0o711);
  // For the lock and the configuration. The engine itself starts without any: later starts take nothing.
  await new StartRoom("clickhouse", options.dataDir, log).make();
  const server = new RunningServer("clickhouse", await lockDirectory(home), log);
  try {
    return await startOn(home, server, account, options, log);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** The engine's own directory; handed over whole when it was last used by another account. */
async function prepareData(data: string, account: Account | undefined): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (account && (await stat(data)).uid !== account.uid) await chownTree(data, account);
  await privateDir(data, account);
}

async function startOn(
  home: string,
  server: RunningServer,
  account: Account | undefined,
  { programs, clock }: EmbeddedClickHouseOptions,
  log: Log,
): Promise<EmbeddedClickHouse> {
  const data = join(home, "data");
  await prepareData(data, account);
  await privateDir(join(home, "run"), account);
  const socketDir = await shortSocketDir(join(home, "run"));
  server.atEnd(socketDir.remove);
  const socketPath = join(socketDir.path, "http");
  const config = join(home, "config.xml");
  const { blocks, bsize } = await statfs(data);
  const text = clickhouseConfig(engineMemoryBytes(totalmem()), engineReserveBytes(blocks * bsize));
  await writeFile(config, text, { mode: 0o644 });
  const args = ["--addon", programs.clickhouseAddon, "--path", data, "--socket", socketPath];
  args.push("--config", config, "--database", DATABASE, "--parent", String(process.pid));
  const supervisor = new Supervisor(
    {
      name: "clickhouse",
      command: [...programs.clickhouseCommand, ...args],
      env: { UV_THREADPOOL_SIZE: String(ENGINE_THREADS), TZ: "UTC", HOME: data },
      cwd: "/",
      ...account,
      stopTimeoutMs: 20_000,
      ready: async (pid, signal) => {
        while (!signal.aborted && !(await answersAs(socketPath, pid, signal))) await clock.sleep(20, signal);
      },
      onLine: (line) => {
        server.remember(line);
        log.debug(line);
      },
      onState: (state) => server.update(state),
    },
    clock,
    log,
  );
  server.start(supervisor);
  await server.untilRunning();
  return {
    server,
    target: { socketPath, database: DATABASE },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
